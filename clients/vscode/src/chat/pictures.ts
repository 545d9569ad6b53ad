// Pictures, which no model is shown: not even one that could look at them. Pure.

const PICTURE = /\.(avif|bmp|gif|heic|ico|jpe?g|png|tiff?|webp)$/i;

export const NO_PICTURES = "Pictures do not go along: models get text alone here. Write what is on it, or paste its text.";

export function isPicture(path: string): boolean {
  return PICTURE.test(path);
}
