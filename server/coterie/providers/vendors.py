"""The vendors that LiteLLM knows: their names, what it takes for each from the environment, and at which paths their addresses end.

The process that speaks to them gets no environment of ours; what LiteLLM would look up there is an argument of each call instead, so that
two editors of one daemon can have two keys. `litellm` asks for it, `builder` and `catalogue` for whose prices hold, ``app`` for hosts that
no settings name.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from coterie.providers.config import ProviderConfig

NAMES = frozenset(
    """a2a a2a_agent ai21 ai21_chat aiml aiohttp_openai amazon_nova anthropic anthropic_text apertis assemblyai auto_router aws_polly
    aws_textract azure azure_ai azure_speech azure_text baseten bedrock bedrock_mantle black_forest_labs bytez cerebras charity_engine
    chatgpt chutes clarifai cloudflare codestral cognition cohere cohere_chat cometapi compactifai cortecs cursor custom custom_openai
    darkbloom dashscope databricks datarobot deepgram deepinfra deepseek docker_model_runner dotprompt edenai elevenlabs empower
    fal_ai featherless_ai fireworks_ai friendliai galadriel gdc gemini gigachat github github_copilot gradient_ai groq helicone heroku
    hosted_vllm huggingface humanloop hyperbolic inception infinity jina_ai lambda_ai langflow langfuse langgraph lemonade libertai
    litellm_agent litellm_proxy llamafile lm_studio manus maritalk meta meta_llama milvus minimax mistral modelscope mongodb moonshot
    morph nadir nano-gpt nebius neosantara nlp_cloud novita nscale nvidia_nim nvidia_riva oci ollama ollama_chat oobabooga openai
    openai_like openrouter ovhcloud parasail perplexity petals pg_vector pinstripes poe predibase prism publicai qwen_ai_platform
    qwencloud ragflow recraft reducto reka replicate runwayml s3_vectors sagemaker sagemaker_chat sagemaker_nova sail sambanova sap
    scaleway scx-ai snowflake soniox stability strands_decider synthetic tencent tensormesh text-completion-codestral
    text-completion-inception text-completion-openai together_ai topaz transcribe triton typesafe v0 valkey vercel_ai_gateway
    vertex_ai vertex_ai_beta vllm volcengine voyage wandb watsonx watsonx_text xai xiaomi_mimo xinference zai""".split()  # noqa: SIM905 - a literal would have 150 lines
)
"""LiteLLM's own names, as ``host`` in ``host/model``; a test compares them with LiteLLM's list."""

_AWS = {
    "aws_access_key_id": ("AWS_ACCESS_KEY_ID",),
    "aws_secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "aws_session_token": ("AWS_SESSION_TOKEN",),
    "aws_region_name": ("AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "aws_profile_name": ("AWS_PROFILE_NAME", "AWS_PROFILE"),
}
_VERTEX = {
    "vertex_project": ("VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"),
    "vertex_location": ("VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION"),
    "vertex_credentials": ("VERTEXAI_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"),
}
_VARIABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "azure": {
        "api_key": ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"),
        "api_base": ("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"),
        "api_version": ("AZURE_API_VERSION", "OPENAI_API_VERSION"),
        "azure_ad_token": ("AZURE_AD_TOKEN",),
    },
    "bedrock": {**_AWS, "api_key": ("AWS_BEARER_TOKEN_BEDROCK",), "api_base": ("AWS_BEDROCK_RUNTIME_ENDPOINT",)},
    "sagemaker": _AWS,
    "sagemaker_chat": _AWS,
    "cohere": {"api_key": ("COHERE_API_KEY", "CO_API_KEY")},
    "cohere_chat": {"api_key": ("COHERE_API_KEY", "CO_API_KEY")},
    "fireworks_ai": {"api_key": ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY")},
    "gemini": {"api_key": ("GEMINI_API_KEY", "GOOGLE_API_KEY")},
    "huggingface": {"api_key": ("HF_TOKEN", "HUGGINGFACE_API_KEY")},
    "lambda_ai": {"api_key": ("LAMBDA_API_KEY",)},
    "moonshot": {"api_key": ("MOONSHOT_API_KEY",)},
    "perplexity": {"api_key": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY")},
    "text-completion-codestral": {"api_key": ("CODESTRAL_API_KEY",)},
    "text-completion-openai": {"api_key": ("OPENAI_API_KEY",)},
    "together_ai": {"api_key": ("TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHER_API_KEY")},
    "vertex_ai": _VERTEX,
    "vertex_ai_beta": _VERTEX,
    "watsonx": {"api_key": ("WATSONX_APIKEY", "WATSONX_API_KEY"), "api_base": ("WATSONX_URL",), "project_id": ("WATSONX_PROJECT_ID",)},
}
"""LiteLLM's argument: the variables that may hold it, the first one that is set wins."""
_NO_SECRETS = {"api_base", "api_version", "aws_region_name", "aws_profile_name", "vertex_project", "vertex_location", "project_id"}

_PATHS = {
    "cohere": "/v2/chat",
    "cohere_chat": "/v2/chat",
    "gemini": "/v1beta",
    "groq": "/openai/v1",
    "mistral": "/v1",
    "openrouter": "/api/v1",
    "xai": "/v1",
}
"""What LiteLLM wants at the end of an address that is not the vendor's own."""

_ADDRESSES = {
    "api.anthropic.com": "anthropic",
    "api.openai.com": "openai",
    "api.cerebras.ai": "cerebras",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.deepinfra.com": "deepinfra",
    "api.deepseek.com": "deepseek",
    "api.fireworks.ai": "fireworks_ai",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshot",
    "api.perplexity.ai": "perplexity",
    "api.together.xyz": "together_ai",
    "api.x.ai": "xai",
    "generativelanguage.googleapis.com": "gemini",
    "openrouter.ai": "openrouter",
}


def vendor_of(config: ProviderConfig) -> str | None:
    """Say whose models a host serves, and at whose prices; None where nobody can know."""
    if config.vendor is not None:
        return config.vendor
    if config.type not in {"anthropic", "openai_compatible", "litellm"}:
        return None
    by_address = _ADDRESSES.get(urlsplit(config.base_url).hostname or "")
    return by_address or (config.id if config.id in NAMES else None)


def sold_as(config: ProviderConfig, model: str) -> tuple[str | None, str]:
    """Say whose model it is; where a host serves those of many vendors, the model's name begins with the vendor's."""
    if (vendor := vendor_of(config)) is not None or config.type != "litellm":
        return vendor, model
    vendor, _, name = model.partition("/")
    return vendor, name


def at_vendor(config: ProviderConfig) -> bool:
    """Say whether a host's address is one of a vendor's own."""
    return (urlsplit(config.base_url).hostname or "") in _ADDRESSES


def key_variables(vendor: str) -> tuple[str, ...]:
    """Return the environment variables that may hold a vendor's key, the usual one first."""
    return _variables(vendor)["api_key"]


def from_environment(vendor: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what LiteLLM would have taken from the environment for a vendor, as its arguments."""
    found = {argument: next((environ[name] for name in names if environ.get(name)), "") for argument, names in _variables(vendor).items()}
    return {argument: value for argument, value in found.items() if value}


def secrets_in(arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that nobody may see."""
    return tuple(value for argument, value in arguments.items() if argument not in _NO_SECRETS)


def address_of(vendor: str, base_url: str) -> str:
    """Return an address as LiteLLM wants it: a bare origin gets the vendor's path."""
    return base_url if urlsplit(base_url).path.strip("/") else base_url.rstrip("/") + _PATHS.get(vendor, "")


def _variables(vendor: str) -> dict[str, tuple[str, ...]]:
    usual = vendor.upper().replace("-", "_")
    return {"api_key": (f"{usual}_API_KEY",), "api_base": (f"{usual}_API_BASE",), **_VARIABLES.get(vendor, {})}
