// The `agent/*` protocol in TypeScript: made from `coterie.lsp.protocol` by `make docs`; do not edit. `docs/protocol.md` explains it.
// A field with `?` may be missing in both directions; `null` says that something is unknown or has no value.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The argument of `coterie.accept`: open hunks of which run, in which file, or which; all that are applied, when none is named. */
export interface AcceptArguments {
  runId?: string | null;
  uri?: string | null;
  hunkIds?: string[];
}

/** How many changes were accepted. */
export interface Accepted {
  accepted: number;
}

/** The argument of `coterie.suggestion.accepted`, which each suggestion carries as its command: editors run it themselves. */
export interface AcceptedArguments {
  suggestionId: string;
}

/** The payload of `agent/event`. `seq` increases strictly within a run; gaps are normal. `folder` is the URI of the workspace folder that the run works in. */
export interface AgentEvent {
  seq: number;
  at: string;
  runId?: string | null;
  channelId?: string | null;
  folder?: string | null;
  event: RunEvent | StepEvent | PlanEvent | ArtifactEvent | MessageDelta | ThoughtDelta | MessageEvent | MessageDiscarded | ToolCallEvent | ChangeEvent | ApprovalEvent | UsageEvent | WarningEvent | CompactionEvent;
}

/** Agents, the one that serves who names none first. */
export interface AgentListResult {
  agents: AgentView[];
}

/** An agent as a run would have it now. `model` is asked first, the `fallbacks` when it fails; `chosen_by` says whether the settings name it for this `agent`, for everybody (`default`), or nobody does and the first host's is taken (`host`). `error` is why there is none, or why some of the chain cannot be called. */
export interface AgentView {
  id: string;
  doc: string;
  origin: "built_in";
  model: string | null;
  fallbacks: string[];
  chosenBy: "agent" | "default" | "host";
  external?: boolean;
  error?: string | null;
}

/** A pending question, as `agent/approval/list` tells it. `folder` is where its run works; `change_ids` are the proposed changes that it is about. */
export interface Approval {
  approvalId: string;
  runId: string;
  channelId: string;
  folder?: string | null;
  at: string;
  title: string;
  effects: Effect[];
  options: ApprovalOption[];
  state?: "pending" | "resolved";
  changeIds?: string[];
}

/** Which option; `plan` goes with the option `edit` of a plan's gate. `scope` makes an allowing option last: `once`, `run`, `session`, or `user` (for always), where the question offers that. */
export interface ApprovalAnswerParams {
  approvalId: string;
  optionId: string;
  scope?: string | null;
  plan?: Record<string, Json> | null;
}

/** What was decided. */
export interface ApprovalAnswerResult {
  decision: Decision;
}

/** A question to the person was asked or resolved. `change_ids` are the changes that it is about, which were told as `proposed` before it: the two halves of a move are two. Where all their hunks are decided one by one, the question is resolved by that. */
export interface ApprovalEvent {
  kind: "approval";
  approvalId: string;
  title: string;
  effects: Effect[];
  options: ApprovalOption[];
  state: "pending" | "resolved";
  decision?: Decision | null;
  changeIds?: string[];
}

/** Questions that wait for an answer. */
export interface ApprovalListResult {
  approvals: Approval[];
}

/** One answer that can be given. `rule` is what a lasting one lets through: in the run, until the server ends, or, for `allow_always` and `reject_always`, for as long as it stands in the user's own settings, where they add it to the rules `allow` or `deny`. `admits` says what such a rule would speak of besides what is asked for. */
export interface ApprovalOption {
  optionId: string;
  label: string;
  kind: "allow_once" | "allow_run" | "allow_session" | "allow_always" | "reject_once" | "reject_always" | "approve" | "edit" | "reject";
  rule?: string | null;
  admits?: string | null;
}

/** The argument of `coterie.approve`; without a question, the workspace's only open one; without an option, yes for this once. The option `edit` of a plan's gate without a `plan` takes it from the document that the person was given to change. */
export interface ApproveArguments {
  approvalId?: string | null;
  optionId?: string | null;
  scope?: string | null;
  plan?: Record<string, Json> | null;
}

/** A step has ended with an artifact (see `agents.artifacts` for the shapes by `type`). */
export interface ArtifactEvent {
  kind: "artifact";
  stepId: string;
  type: string;
  value: Record<string, Json>;
}

/** The argument of `coterie.ask`; `action` as in `coterie.run`. */
export interface AskArguments {
  prompt: string;
  channelId?: string | null;
  selection?: Selection | null;
  action?: string | null;
}

/** What went along with a message, as it is shown: never the whole text. `label` is the file's name, or the first line of a text that stands for itself. `excerpt` is set where a text was sent in the place of the whole file `uri`: its first line. */
export interface Attached {
  label: string;
  uri?: string | null;
  excerpt?: string | null;
}

/** Something that the person adds to a prompt: a file by `uri`, or `text` that stands for itself. */
export interface Attachment {
  uri?: string | null;
  text?: string | null;
}

/** What is typed behind the `@`, and in which workspace folder to look, by default in all. */
export interface AttachmentCompleteParams {
  query: string;
  folder?: string | null;
  limit?: number;
}

/** Something to attach. `label` is what is inserted, `detail` where it is. A `file` is attached by its `uri`; of a `symbol` the lines of `range` are, as text. `selection` and `diagnostics` have no `uri`: the client knows what is selected, and what is wrong where. */
export interface AttachmentItem {
  kind: "file" | "symbol" | "selection" | "diagnostics";
  label: string;
  detail: string;
  uri?: string | null;
  range?: Range | null;
  symbolKind?: "class" | "function" | "constant" | "module" | null;
}

/** The answer of `agent/attachment/complete`, the best first. `complete` is False while the index does not know everything yet. */
export interface AttachmentItems {
  items: AttachmentItem[];
  complete: boolean;
}

/** Limits of one run; None: no limit of its own. `wall_s` counts seconds in which no person is waited for. */
export interface Budget {
  usd?: number | string | null;
  tokens?: number | null;
  wallS?: number | null;
}

/** What a provider (or one model of it) can do. Unknown limits are None. */
export interface Capabilities {
  streaming?: boolean;
  tools?: boolean;
  vision?: boolean;
  fim?: boolean;
  jsonSchema?: boolean;
  promptCache?: boolean;
  install?: boolean;
  local?: boolean;
  maxInputTokens?: number | null;
  maxOutputTokens?: number | null;
}

/** A change of a file, at each of its states. `unsure` says why it may be somebody else's: it was found after a command, while which others may have written, too. Such a change is taken back where it is named, and not with all others. `what` is what it does to the file; a change in a journal that is older than this field says `changed`. */
export interface ChangeEvent {
  kind: "change";
  changeId: string;
  path: string;
  uri: string;
  state: "proposed" | "applied" | "rejected" | "undone";
  hunks: Hunk[];
  unsure?: string | null;
  what?: "made" | "changed" | "deleted";
}

/** A row of `agent/channel/list`. `state` is `active` while a run of the channel goes on. */
export interface Channel {
  channelId: string;
  title: string;
  folder: "chats" | "tasks";
  state: "active" | "idle" | "archived";
  updatedAt: string;
  pendingApprovals?: number;
  agent?: string | null;
  model?: string | null;
}

/** Put the channel away, or with `archived` false take it back out. */
export interface ChannelArchiveParams {
  channelId: string;
  archived?: boolean;
}

/** The payload of `agent/channel/changed`. */
export interface ChannelChanged {
  channelId: string;
  change: "created" | "updated" | "deleted";
  channel: Channel | null;
}

/** Who answers in the channel from the next run on; None: what the settings say. */
export interface ChannelChooseParams {
  channelId: string;
  agent?: string | null;
  model?: string | null;
}

/** The channel that is gone. */
export interface ChannelDeleted {
  channelId: string;
}

/** Which channel, and where it is cut: before a message of the person, which can then be said anew, or behind an answer. Without a `messageId` everything is kept. */
export interface ChannelForkParams {
  channelId: string;
  messageId?: string | null;
}

/** The answer of `agent/channel/fork`. `kept` is how many messages the new channel begins with. `text` and `attachments` are what the person had said at the place of the cut, to be said anew; None where the cut is behind an answer. `staying` is what runs behind the cut have changed on the disk: nothing of it is undone, `agent/run/undo` does that. */
export interface ChannelForked {
  channelId: string;
  channel: Channel;
  kept: number;
  text?: string | null;
  attachments?: Attachment[];
  staying?: Staying[];
}

/** Which messages: those before the message `before`, by default the latest. */
export interface ChannelHistoryParams {
  channelId: string;
  before?: string | null;
  limit?: number;
}

/** Which channels; `query` searches titles and messages. */
export interface ChannelListParams {
  folder?: "chats" | "tasks" | null;
  state?: "active" | "idle" | "archived" | null;
  query?: string | null;
}

/** Channels, latest first. */
export interface ChannelListResult {
  channels: Channel[];
}

/** One message of a channel's history. */
export interface ChannelMessage {
  messageId: string;
  runId?: string | null;
  role: "user" | "assistant";
  text: string;
  at: string;
  agent?: string | null;
  model?: string | null;
  partial?: boolean | null;
  toolCalls?: ToolCallEvent[] | null;
  attachments?: Attached[];
}

/** What the new channel is called, and who answers in it. */
export interface ChannelOpenParams {
  title?: string | null;
  agent?: string | null;
  model?: string | null;
}

/** The answer of `agent/channel/open`. */
export interface ChannelOpened {
  channelId: string;
}

/** The answer of `agent/channel/history`, oldest first. */
export interface ChannelPage {
  messages: ChannelMessage[];
  more: boolean;
}

/** Which channel. */
export interface ChannelParams {
  channelId: string;
}

/** What the person says. */
export interface ChannelPostParams {
  channelId: string;
  text: string;
  attachments?: Attachment[];
}

/** What the channel is called from now on. */
export interface ChannelRenameParams {
  channelId: string;
  title: string;
}

/** What to look for in titles and messages, in whatever case; at most `limit` channels and messages are wanted. */
export interface ChannelSearchParams {
  query: string;
  limit?: number;
}

/** The answer of `agent/channel/search`, both latest first: the channels whose title or messages hold it, and those messages. */
export interface ChannelsFound {
  channels: Channel[];
  messages: MessageFound[];
}

/** The channel, and the URI of its document. */
export interface ChatOpened {
  channelId: string;
  uri: string;
}

/** The argument of `coterie.checkClaudeCode`: which provider of that type; without one, the first. */
export interface CheckClaudeCodeArguments {
  provider?: string | null;
}

/** What can be posted to a chat. */
export interface CommandListResult {
  commands: CommandView[];
}

/** Something that can be posted to a chat: `name` with its slash, `arguments` as shown behind it, empty where it takes none. */
export interface CommandView {
  name: string;
  doc: string;
  arguments: string;
  origin: "built_in";
}

/** The answer of `agent/commit/message`. `model` wrote it, having read what differs in `paths`; it was not shown `withheld`: secrets by their names, and ignored files. */
export interface CommitMessage {
  text: string;
  model: string;
  paths: string[];
  withheld?: string[];
}

/** Which workspace folder's commit, by its URI; the only one by default. With `staged` false all that is not committed yet. */
export interface CommitMessageParams {
  folder?: string | null;
  staged?: boolean;
}

/** The conversation is sent to models shorter from here on, `text` says so in a sentence; the post `/restore` takes it back. `messages` messages were replaced by `summary` (null: by nothing), which `model` wrote, and `outputs` old outputs of tools are left out, or texts of files that were attached. The tokens are estimates of what the next request would hold without it, and holds. */
export interface CompactionEvent {
  kind: "compaction";
  compactionId: string;
  stepId: string;
  text: string;
  messages: number;
  outputs: number;
  tokensBefore: number;
  tokensAfter: number;
  summary?: string | null;
  model?: string | null;
}

/** A time at which the conversation became shorter: how many messages a summary replaced, and how much was left out. `outputs` of tools, or texts of files that were attached. */
export interface CompactionView {
  compactionId: string;
  messages: number;
  outputs: number;
}

/** The argument of `coterie.configureProviderKey`: which host; without one, the first that lacks its key. */
export interface ConfigureKeyArguments {
  provider?: string | null;
}

/** Which piece of the channel's conversation is left out; with `dropped` false no longer. */
export interface ContextDropParams {
  channelId: string;
  pieceId: string;
  dropped?: boolean;
}

/** Whose window: a channel's or a run's, one of them. */
export interface ContextInspectParams {
  channelId?: string | null;
  runId?: string | null;
}

/** What is to stay: a piece of the channel's conversation, or a file by its URI, one of them; with `pinned` false no longer. */
export interface ContextPinParams {
  channelId: string;
  pieceId?: string | null;
  uri?: string | null;
  pinned?: boolean;
}

/** The answer of `agent/context/inspect`: what the model is sent, or would be sent next. `model` is None where none can be chosen; `pinned_files` are the URIs of files that the next turn brings if the conversation does not hold them. */
export interface ContextView {
  channelId: string;
  runId: string | null;
  model: string | null;
  limit: number | null;
  used: number;
  segments: SegmentView[];
  pieces: PieceView[];
  leftOut: LeftOutView[];
  compactions: CompactionView[];
  pinnedFiles?: string[];
}

/** How an approval was resolved: by which option, or closed without one (`option_id` None) and why. */
export interface Decision {
  optionId: string | null;
  kind: "allow_once" | "allow_run" | "allow_session" | "allow_always" | "reject_once" | "reject_always" | "approve" | "edit" | "reject" | null;
  reason?: string | null;
}

/** Something that does not work as it should, and what to do about it. */
export interface Degraded {
  code: string;
  text: string;
}

/** One thing that a call would do to the world. `target` is a path relative to its workspace folder (absolute outside of all folders), a command line, a host, or a gate's step. `argv` is set for `exec`; `rule` is the rule, spelled as in the settings, that would match exactly this effect: `exec(touch made)`, `gate(plan)`. `quoting` has for each word of `argv` a mark for each of its characters where quotes make a difference: `q` quoted, `b` bare, `w` replaced by the shell as a whole, `s` replaced and split, `-` any other. */
export interface Effect {
  kind: "read" | "write" | "exec" | "net" | "env" | "mcp" | "spawn" | "gate";
  target: string;
  argv?: string[] | null;
  rule: string;
  quoting?: string[] | null;
}

/** One change of a run, as `agent/run/get` and `change` events tell it. `unsure` and `what` as in the event. */
export interface FileChange {
  changeId: string;
  path: string;
  uri: string;
  state: "proposed" | "applied" | "rejected" | "undone";
  hunks: Hunk[];
  unsure?: string | null;
  what?: "made" | "changed" | "deleted";
}

/** What a run did to one file in all, as `agent/run/diff` tells it; `diff` is a unified diff. A file that was moved has its old path in `from`. `before` and `after` are the file's texts where they were asked for, None where there was no such file. */
export interface FileDiff {
  path: string;
  uri: string;
  status: "added" | "modified" | "moved" | "deleted";
  from?: string | null;
  diff: string;
  before?: string | null;
  after?: string | null;
}

/** The argument of `coterie.fix` and `coterie.dismiss`: which finding, by the id in its diagnostic's `data`. */
export interface FindingArguments {
  findingId: string;
}

/** The answer of `agent/trust/set`, when it is in force: whether a workspace folder is trusted, by which `file`. */
export interface FolderTrust {
  folder: string;
  trusted: boolean;
  file: string;
  changed: boolean;
}

/** An answer that holds for more than its call, as `agent/grant/list` tells it: by `answer`, for what `rule` speaks of. `scope` says how long: in the run `run_id`, whose title is beside it and which may be interrupted; until the server ends; or for as long as the rule stands in the user's own settings, where they may have written it themselves. */
export interface Grant {
  grantId: string;
  scope: "run" | "session" | "user";
  answer: "allow_once" | "allow_run" | "allow_session" | "allow_always" | "reject_once" | "reject_always" | "approve" | "edit" | "reject";
  verdict: "allow" | "deny";
  rule: string;
  runId?: string | null;
  channelId?: string | null;
  title?: string | null;
}

/** The answers that hold for more than their call: of runs, of this client's session, and in the user's own settings. */
export interface GrantListResult {
  grants: Grant[];
}

/** Which one. */
export interface GrantParams {
  grantId: string;
}

/** One contiguous difference. Lines count from 1; `old_text` and `new_text` are whole lines with their terminators. `review` is what a person has said of it; `open` while it is to be looked at, as far as it is `applied` or `proposed`. */
export interface Hunk {
  hunkId: string;
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  oldText: string;
  newText: string;
  state?: "proposed" | "applied" | "rejected" | "undone";
  stepId?: string | null;
  review?: "open" | "accepted" | "rejected";
}

/** Which hunks: single ones, all open ones of changes, or, where none is named, all open ones of the run. The run need not be named where hunks or changes of a recent one are. All of them are of one run. */
export interface HunkParams {
  runId?: string | null;
  hunkId?: string | null;
  hunkIds?: string[] | null;
  changeId?: string | null;
  changeIds?: string[] | null;
}

/** What became of a verdict on hunks: the changes that they belong to, as they are now, and what could not be done, and why. `kept_in`, of a rejection alone, is the folder where lies what was taken away of what commands of the run wrote; it and `let_go` are as in `UndoResult`, and in JSON only where they say something. */
export interface HunkResult {
  runId: string;
  changes: ReviewedChange[];
  conflicts?: UndoConflict[];
  keptIn?: string | null;
  letGo?: number;
}

/** The index of the open folders: until it is `complete`, `done` of the `files` to read are read; then it has them all. */
export interface IndexView {
  files: number;
  done: number;
  complete: boolean;
}

/** The argument of `coterie.inspectContext`; without a channel, the one that something happened in last. */
export interface InspectContextArguments {
  channelId?: string | null;
}

/** How the host `provider` gets its key: the `command` for a terminal, and all of it in words. */
export interface KeyAdvice {
  provider: string;
  command: string;
  text: string;
}

/** The key that is gone. */
export interface KeyDeleted {
  name: string;
}

/** What the vault holds: names, never values. */
export interface KeyListResult {
  keys: SecretName[];
}

/** Which key: its `name` (`provider/key`, or the provider alone), or `provider` and `key` apart. */
export interface KeyParams {
  name?: string | null;
  provider?: string | null;
  key?: string | null;
}

/** How the settings refer to the key that was kept. A provider without an `api_key` uses its own by itself. */
export interface KeySet {
  name: string;
  provider: string;
  reference: string;
}

/** Which key, as in `KeyParams`, and what it is. */
export interface KeySetParams {
  value: string;
  name?: string | null;
  provider?: string | null;
  key?: string | null;
}

/** A piece that the model does not read, and why not. */
export interface LeftOutView {
  pieceId: string;
  segment: "system" | "project" | "history" | "task";
  source: string;
  tokens: number;
  reason: string;
}

/** More text of a message. `offset` is where it goes, in UTF-16 units. Not journalled. */
export interface MessageDelta {
  kind: "message_delta";
  messageId: string;
  offset: number;
  text: string;
}

/** The message was begun and is void: its call failed and is made anew. */
export interface MessageDiscarded {
  kind: "message_discarded";
  messageId: string;
  reason: string;
}

/** A message as a whole; with `partial` it is what has come so far, for a client that catches up. `attachments` went along with what a person said; what was attached to a steer is quoted in its text. `reused` says that no model was called for it: the answer is another call's, of an earlier one or of one under way. */
export interface MessageEvent {
  kind: "message";
  messageId: string;
  role: "user" | "assistant";
  text: string;
  model?: string | null;
  agent?: string | null;
  partial?: boolean | null;
  reused?: "cache" | "shared" | null;
  attachments?: Attached[];
}

/** A message in which something was found. `text` is what stands around it. */
export interface MessageFound {
  channelId: string;
  messageId: string;
  role: "user" | "assistant";
  text: string;
  at: string;
}

/** Which model, as in `ModelParams`, and whether it is one of the person's favourites from now on. */
export interface ModelFavouriteParams {
  model?: string | null;
  id?: string | null;
  modelId?: string | null;
  favourite?: boolean;
}

/** Which model, as in `ModelParams`. Its progress has the token, or else one of the server's where the client takes those. */
export interface ModelInstallParams {
  model?: string | null;
  id?: string | null;
  modelId?: string | null;
  workDoneToken?: string | number | null;
}

/** The model that is there now. */
export interface ModelInstalled {
  model: ModelView;
}

/** Whose models; nobody named: all. */
export interface ModelListParams {
  provider?: string | null;
}

/** The models that can be chosen. */
export interface ModelListResult {
  models: ModelView[];
}

/** Some of the models that were asked for; `next` asks for more, None: there are no more. */
export interface ModelPage {
  models: ModelView[];
  next?: string | null;
}

/** Which model: its id (`host/model`), under any of the three names. */
export interface ModelParams {
  model?: string | null;
  id?: string | null;
  modelId?: string | null;
}

/** What to look for, with one provider or all; an empty query lists what is available. `page` is the `next` of an earlier answer. */
export interface ModelSearchParams {
  query?: string;
  provider?: string | null;
  page?: string | null;
}

/** A row of `agent/model/list`. `id` is `host/model`; `installed` is False for what the host could fetch. */
export interface ModelView {
  id: string;
  provider: string;
  contextTokens?: number | null;
  maxOutputTokens?: number | null;
  capabilities: Capabilities;
  price?: Price | null;
  state?: "available" | "loaded" | "loading" | "down";
  installed?: boolean;
  favourite?: boolean;
}

/** Nothing. */
export interface NoParams {
}

/** The argument of `coterie.openChannel`: a channel, or what a new one is called and who answers in it. `selection` is quoted where the person is to write; `action` is as in `coterie.run`. */
export interface OpenChannelArguments {
  channelId?: string | null;
  title?: string | null;
  agent?: string | null;
  model?: string | null;
  selection?: Selection | null;
  action?: string | null;
}

/** A piece that the model reads. `preview` is how it begins. */
export interface PieceView {
  pieceId: string;
  segment: "system" | "project" | "history" | "task";
  source: string;
  reason: string;
  tokens: number;
  pinned: boolean;
  path?: string | null;
  preview?: string | null;
}

/** The plan as it stands now, after the planner or the person wrote it. */
export interface PlanEvent {
  kind: "plan";
  plan: Record<string, Json>;
}

/** A place in a document, in the units of the client's position encoding; both count from 0. */
export interface Position {
  line: number;
  character: number;
}

/** The answer of `agent/channel/post`. */
export interface Posted {
  runId: string;
  messageId: string;
}

/** US dollars for a million tokens; None: unknown. */
export interface Price {
  input?: string | null;
  cacheRead?: string | null;
  cacheWrite?: string | null;
  output?: string | null;
}

/** What a look at a provider showed, or at all of them: then `provider` is empty. `text` is for the person; `action` is a command that would help. `latency_ms` is how long the look took; `models` is how many are known of the host, None where it has not been asked for them. */
export interface ProviderCheck {
  provider: string;
  state: "ready" | "unknown" | "auth_required" | "down" | "disconnected";
  text: string;
  action?: string | null;
  latencyMs?: number | null;
  models?: number | null;
}

/** A provider as `agent/status` tells it. */
export interface ProviderHealth {
  id: string;
  type: string;
  state: "ready" | "unknown" | "auth_required" | "down" | "disconnected";
  error?: string | null;
}

/** The registered providers. */
export interface ProviderListResult {
  providers: ProviderView[];
}

/** Which provider: its id, under any of the three names. */
export interface ProviderParams {
  provider?: string | null;
  id?: string | null;
  providerId?: string | null;
}

/** A row of `agent/provider/list`. `state` is what the latest use showed; `unknown` before the first. */
export interface ProviderView {
  id: string;
  type: string;
  state: "ready" | "unknown" | "auth_required" | "down" | "disconnected";
  capabilities: Capabilities;
  error?: string | null;
  origin?: "settings" | "environment" | "found";
}

/** The registered providers as they are now. */
export interface ProvidersChanged {
  providers: ProviderView[];
}

/** From `start` up to and without `end`. */
export interface Range {
  start: Position;
  end: Position;
}

/** The argument of `coterie.reject`: open hunks of which run, in which file, or which. One of them must be named. */
export interface RejectArguments {
  runId?: string | null;
  uri?: string | null;
  hunkIds?: string[];
}

/** A file with hunks that nobody has looked at: how many, and the changes with at least one of them, oldest first. */
export interface ReviewFile {
  path: string;
  uri: string;
  open: number;
  changes: ReviewedChange[];
}

/** The answer of `agent/review/list`, by path. */
export interface ReviewList {
  files: ReviewFile[];
}

/** What to list: of a run, or of runs that work in `folder`; neither: of the client's folders. */
export interface ReviewListParams {
  folder?: string | null;
  runId?: string | null;
}

/** A change of a run with its hunks as they are now. `folder` is the URI of the workspace folder that the run works in; `unsure` and `what` as in the `change` event. */
export interface ReviewedChange {
  runId: string;
  folder?: string | null;
  changeId: string;
  path: string;
  uri: string;
  state: "proposed" | "applied" | "rejected" | "undone";
  hunks: Hunk[];
  unsure?: string | null;
  what?: "made" | "changed" | "deleted";
}

/** The argument of `coterie.run`. `action`: the code action that it stands for, by which a client finds it among others. */
export interface RunArguments {
  prompt: string;
  agent?: string | null;
  workflow?: string | null;
  channelId?: string | null;
  selection?: Selection | null;
  action?: string | null;
}

/** Which files of a run; none named: all. With `texts` their whole texts are told, too. */
export interface RunDiffParams {
  runId: string;
  paths?: string[];
  texts?: boolean;
}

/** The run's changes, file by file. */
export interface RunDiffResult {
  files: FileDiff[];
}

/** The run's state changed. `reason` is a stable code, `text` a sentence for the person. */
export interface RunEvent {
  kind: "run";
  state: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";
  reason?: string | null;
  text?: string | null;
}

/** The answer of `agent/run/events`; `last` is the run's highest `seq`. */
export interface RunEvents {
  events: AgentEvent[];
  last: number;
}

/** Which events: those with a `seq` above `after`. */
export interface RunEventsParams {
  runId: string;
  after?: number;
}

/** Why a run did not succeed. */
export interface RunFailure {
  code: string;
  text: string;
}

/** What a run may use in all; None: without limit. */
export interface RunLimits {
  usd: string | null;
  tokens: number | null;
  wallS: number | null;
}

/** Which runs: those in `state`, older than the run `before`. */
export interface RunListParams {
  state?: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted" | null;
  limit?: number;
  before?: string | null;
}

/** The answer of `agent/run/list`, newest first. */
export interface RunPage {
  runs: RunSummary[];
  more: boolean;
}

/** Which run. */
export interface RunParams {
  runId: string;
}

/** What starts a run. Neither `workflow` nor `agent`: the chat agent. */
export interface RunRequest {
  prompt: string;
  workflow?: string | null;
  agent?: string | null;
  channelId?: string | null;
  folder?: string | null;
  selection?: Selection | null;
  attachments?: Attachment[];
  budget?: Budget | null;
  model?: string | null;
}

/** The acknowledgement of `agent/run/start`. */
export interface RunStarted {
  runId: string;
  channelId: string;
}

/** The answer of interrupt, cancel and resume. */
export interface RunStateView {
  runId: string;
  state: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";
}

/** What to say to a run. */
export interface RunSteerParams {
  runId: string;
  text: string;
}

/** The id of the message that the agent will read. */
export interface RunSteerResult {
  messageId: string;
}

/** A row of `agent/run/list`. Of a prompt that has more, the first 10,000 characters and "…"; the channel's history has all of it. */
export interface RunSummary {
  runId: string;
  channelId: string;
  prompt: string;
  workflow: string | null;
  agent: string | null;
  state: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";
  startedAt: string;
  endedAt: string | null;
  usage: Usage;
  folder?: string | null;
}

/** What to take back: the whole run, or the steps, files or hunks in `ids`. */
export interface RunUndoParams {
  runId: string;
  scope?: "run" | "step" | "file" | "hunk";
  ids?: string[];
}

/** The answer of `agent/run/get`. `budget` is what the run may use: of what it was given and what the settings say now, the less. */
export interface RunView {
  runId: string;
  channelId: string;
  prompt: string;
  state: "queued" | "running" | "waiting" | "succeeded" | "failed" | "cancelled" | "interrupted";
  reason?: string | null;
  workflow: string | null;
  agent: string | null;
  steps: StepView[];
  plan?: Record<string, Json> | null;
  changes: FileChange[];
  usage: Usage;
  budget?: RunLimits | null;
  error?: RunFailure | null;
}

/** How commands are confined, and why not better. */
export interface SandboxView {
  level: "bubblewrap" | "none" | "unknown";
  reason?: string | null;
}

/** A secret's name, `provider/key`, the reference by which settings use it, and since when it is what it is (ISO 8601). */
export interface SecretName {
  name: string;
  provider: string;
  reference: string;
  updatedAt: string;
}

/** A segment of the window: what it may have before it borrows, None where the model's window is not known, and what it has. */
export interface SegmentView {
  segment: "system" | "project" | "history" | "task";
  limit: number | null;
  tokens: number;
}

/** What the person has selected. `text` is filled by the front door, which knows the position encoding. */
export interface Selection {
  uri: string;
  range?: Range | null;
  text?: string | null;
}

/** The argument of `coterie.send`: which document; not needed while only one is open. */
export interface SendArguments {
  uri?: string | null;
}

/** What is wrong in a layer. `line` counts from 1; `file` is a path, or the name of a layer that has no file. A `note` has no effect in this version. `ignored` says why what is right is left out: the workspace is `untrusted` and this would loosen the settings; a workspace's editor settings may not say it (`machine_scope`); nobody vouches for themselves (`vouching`); no project loosens it, trusted or not (`held`). */
export interface SettingProblem {
  file: string;
  line: number | null;
  key: string;
  message: string;
  suggestion: string | null;
  level: "warning" | "note";
  ignored?: "untrusted" | "machine_scope" | "vouching" | "held" | null;
}

/** A value that is set or has a default; a host's key shows only where it is read from. `key` is `path` as TOML spells it. `origin` is the layer that it comes from, all layers of a list that adds up. `locked_by` is the layer above the user's file that decides it: what is written there does not hold. */
export interface SettingView {
  key: string;
  path: string[];
  value: Json;
  origin: string;
  lockedBy?: string | null;
}

/** The answer of `agent/settings/set`, when what was written is in force. `now` are the values at and below the key as they hold now: a layer above may say something else. `problems` are about them. */
export interface SettingWritten {
  key: string;
  layer: "user" | "project";
  file: string;
  changed: boolean;
  now: SettingView[];
  problems: SettingProblem[];
}

/** The payload of `agent/settings/changed`: the keys whose values are others now, or that came or went, and what is wrong now. */
export interface SettingsChanged {
  keys: string[];
  problems: SettingProblem[];
}

/** A file of settings, which need not exist yet. `folder` is the workspace folder of a project's; `trusted` is said of that. `values` is what the file itself says, by dotted keys and but for keys of hosts: a list that adds up over the layers is changed by it. */
export interface SettingsFile {
  layer: "user" | "project";
  path: string;
  uri: string;
  exists: boolean;
  folder?: string | null;
  trusted?: boolean;
  values?: Record<string, Json>;
}

/** What holds for all folders together, or as if the workspace folder with the URI `folder` were the only one. */
export interface SettingsGetParams {
  folder?: string | null;
}

/** Which key, dotted as in TOML (`providers.work.base_url`), and its value, a whole table too; `null` takes the key away. `user` is the person's own file, `project` that of the trusted workspace folder with the URI `folder`, by default of the only one. */
export interface SettingsSetParams {
  key: string;
  value?: Json;
  layer?: "user" | "project";
  folder?: string | null;
}

/** The answer of `agent/settings/get`. `machine_scope` are patterns of keys that `workspace/configuration` cannot set; `json_schema` says what every key takes, in the spelling of files. */
export interface SettingsView {
  values: SettingView[];
  problems: SettingProblem[];
  files: SettingsFile[];
  trustedWorkspaces: string[];
  machineScope: string[];
  jsonSchema: Record<string, Json>;
}

/** Lines of a file that the model was shown along with the document; lines count from one. `reason` says in words why these. */
export interface SnippetUsed {
  path: string;
  start: number;
  end: number;
  reason: string;
}

/** The argument of `coterie.suggestion.snooze`; 0 ends it. */
export interface SnoozeArguments {
  minutes?: number;
}

/** The answer of `agent/status` and the payload of `agent/status/changed`. `index` is None where no folder is indexed; `suggestions` is how ghost text stands for the client that is told. */
export interface Status {
  version: string;
  mode: "local" | "remote" | "fallback";
  providers: ProviderHealth[];
  sandbox: SandboxView;
  degraded: Degraded[];
  index?: IndexView | null;
  suggestions?: SuggestionsView | null;
}

/** Files that a run changed which is no part of a fork's story: they stay as they are unless that run is undone. */
export interface Staying {
  runId: string;
  paths: string[];
}

/** A step's state changed. `attempt` counts from 1 and grows with each loop back to the step. */
export interface StepEvent {
  kind: "step";
  stepId: string;
  agent: string;
  state: "running" | "succeeded" | "failed" | "skipped";
  model?: string | null;
  attempt: number;
}

/** A step of `agent/run/get`. */
export interface StepView {
  stepId: string;
  agent: string;
  state: "running" | "succeeded" | "failed" | "skipped";
  model: string | null;
  attempt: number;
}

/** How much of a suggestion was taken: UTF-16 units from the start of its insert text, all in all; absent: the whole of it. */
export interface SuggestionAcceptedParams {
  suggestionId: string;
  length?: number | null;
}

/** Whose latest request; no document named: the latest of all. */
export interface SuggestionExplainParams {
  uri?: string | null;
}

/** How the latest request ended: the `stage` that decided, a stable `reason`, and a sentence for the person. `source` is who wrote what was offered, None when nothing was. `snippets` are what else the model was shown for what it answered, be that offered or not, what mattered most first. */
export interface SuggestionExplanation {
  uri?: string | null;
  at?: string | null;
  stage: "none" | "gate" | "reuse" | "debounce" | "predictor" | "provider" | "filter" | "offered";
  reason: string;
  text: string;
  suggestionId?: string | null;
  source?: "predictor" | "model" | null;
  snippets?: SnippetUsed[];
}

/** What has become of a suggestion. */
export interface SuggestionFeedback {
  suggestionId: string;
  state: "offered" | "shown" | "partly_accepted" | "accepted" | "rejected";
}

/** Which suggestion: the id in the arguments of its command. */
export interface SuggestionParams {
  suggestionId: string;
}

/** Until when there is no ghost text unless the person asks for it (ISO 8601); None: it is not snoozed. */
export interface SuggestionSnooze {
  until: string | null;
}

/** For how long; 0 ends it. */
export interface SuggestionSnoozeParams {
  minutes?: number;
}

/** Ghost text of this client: `model` is the one that the settings name, None where the project alone suggests. */
export interface SuggestionsView {
  enabled: boolean;
  model: string | null;
  snoozedUntil: string | null;
}

/** Agents as they are brought. */
export interface TemplateListResult {
  templates: TemplateView[];
}

/** An agent as it is brought. `tools` are what its model is shown; `artifact` is what it hands on at the end of a step. */
export interface TemplateView {
  id: string;
  doc: string;
  origin: "built_in";
  tools: string[];
  artifact?: string | null;
}

/** More of the thinking that precedes a message. Not journalled. */
export interface ThoughtDelta {
  kind: "thought_delta";
  messageId: string;
  offset: number;
  text: string;
}

/** A tool call in full, at each of its states. `message_id` is the message that made it; the server's own calls have none. */
export interface ToolCallEvent {
  kind: "tool_call";
  callId: string;
  messageId?: string | null;
  stepId?: string | null;
  tool: string;
  arguments: Record<string, Json>;
  state: "pending" | "running" | "succeeded" | "failed" | "denied";
  output?: string | null;
}

/** Tools, in the order in which models are shown them. */
export interface ToolListResult {
  tools: ToolView[];
}

/** A tool. `effects` are the kinds that each call has; `denied` is why no agent is shown it here, None where they are. */
export interface ToolView {
  id: string;
  doc: string;
  origin: "built_in";
  readsOnly: boolean;
  effects: ("read" | "write" | "exec" | "net" | "env" | "mcp" | "spawn" | "gate")[];
  agents: string[];
  denied?: string | null;
}

/** Whether the workspace folder with the URI `folder` may bring settings that loosen the person's own. */
export interface TrustSetParams {
  folder: string;
  trusted: boolean;
}

/** The argument of `coterie.undo`; without a run, the latest one of the workspace that has changes. */
export interface UndoArguments {
  runId?: string | null;
  scope?: "run" | "step" | "file" | "hunk";
  ids?: string[];
}

/** A file that was left alone, and why: what a person wrote would have been touched, or what was there before was never kept. */
export interface UndoConflict {
  path: string;
  reason: string;
  uri: string;
}

/** What `coterie.undo` answers while the editor has not told the text of an edit that it says it applied. The undo goes on: what could not be taken back is shown in the window, what was is logged there. Nothing is known yet of any file. */
export interface UndoGoesOn {
  restored?: string[];
  conflicts?: UndoConflict[];
  goesOn: true;
}

/** What an undo did. `not_undoable` are files of which a command left nothing to take back: each is told once, or when it is named. `kept_in` is the folder where lies what undos of this run have taken away of what commands wrote; `let_go` says of how many earlier runs what was kept went to make room for that (`undo.keep_mb`). Each of the three is in JSON only where it says something. */
export interface UndoResult {
  restored: string[];
  conflicts: UndoConflict[];
  notUndoable?: UndoConflict[];
  keptIn?: string | null;
  letGo?: number;
}

/** What was used. `input` counts uncached input tokens only; the cached ones are in `cache_read` and `cache_write`. */
export interface Usage {
  input?: number | null;
  cacheRead?: number | null;
  cacheWrite?: number | null;
  output?: number | null;
  usd?: string | null;
}

/** What the run has used so far, in all. */
export interface UsageEvent {
  kind: "usage";
  input: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
  output: number | null;
  usd: string | null;
}

/** By what to add up, and since when (ISO 8601, in whatever time zone). Days are those of UTC: what a person's own day has cost is the total since its midnight, such as `2026-01-31T00:00:00+02:00`. */
export interface UsageParams {
  by?: "run" | "channel" | "provider" | "model" | "agent" | "day";
  since?: string | null;
}

/** Rows by key, and their total. */
export interface UsageResult {
  rows: UsageRow[];
  total: Usage;
}

/** One row of `agent/usage`: what was used under `key` (a run, channel, provider, model, agent or day). `attempts` are the calls of hosts, `failed` those of them that failed; `reused` are answers that cost no call. `estimated` says that some of it was counted by Coterie: ghost text that was stopped before its host had said what it used. */
export interface UsageRow {
  key: string;
  input: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
  output: number | null;
  usd: string | null;
  estimated?: boolean;
  attempts?: number;
  failed?: number;
  reused?: number;
}

/** Something that the person should know and that ends nothing. */
export interface WarningEvent {
  kind: "warning";
  code: string;
  text: string;
}

/** The argument of `coterie.cancel` and `coterie.resume`; without a run, the latest one of the workspace that it can be done to. */
export interface WhichRunArguments {
  runId?: string | null;
}

/** Workflows. */
export interface WorkflowListResult {
  workflows: WorkflowView[];
}

/** A way back to the step `to` when one of the conditions holds, at most `limit` times. */
export interface WorkflowLoopView {
  when: string[];
  to: string;
  limit: number;
}

/** A step: `needs` and `makes` are types of artifacts, `gate` says that a person decides about what it made. */
export interface WorkflowStepView {
  stepId: string;
  agent: string;
  needs: string[];
  makes: string | null;
  gate: boolean;
  writes: string[];
}

/** A workflow, with its steps in the order of their declaration. */
export interface WorkflowView {
  id: string;
  doc: string;
  origin: "built_in";
  steps: WorkflowStepView[];
  loops: WorkflowLoopView[];
}

/** What each request of the client takes and gives. */
export interface Requests {
  /** The server's version and mode, its providers' health, and what is degraded and why. */
  "agent/status": { params: NoParams; result: Status };
  /** Start a run; acknowledged before any model is called. */
  "agent/run/start": { params: RunRequest; result: RunStarted };
  /** Live and past runs, newest first. */
  "agent/run/list": { params: RunListParams; result: RunPage };
  /** A run as it stands. */
  "agent/run/get": { params: RunParams; result: RunView };
  /** What a client missed, without gap or repeat. */
  "agent/run/events": { params: RunEventsParams; result: RunEvents };
  /** Say something to the agent at its next boundary. */
  "agent/run/steer": { params: RunSteerParams; result: RunSteerResult };
  /** End the turn and keep the work. */
  "agent/run/interrupt": { params: RunParams; result: RunStateView };
  /** Stop everything at once. */
  "agent/run/cancel": { params: RunParams; result: RunStateView };
  /** Go on after an interruption, a crash or a failure. */
  "agent/run/resume": { params: RunParams; result: RunStateView };
  /** Take back what a run changed; what the person wrote since is left alone. */
  "agent/run/undo": { params: RunUndoParams; result: UndoResult };
  /** What a run changed, as unified diffs. */
  "agent/run/diff": { params: RunDiffParams; result: RunDiffResult };
  /** Keep hunks of a run, and apply those that were only proposed; the first verdict on a hunk counts. */
  "agent/hunk/accept": { params: HunkParams; result: HunkResult };
  /** Take hunks of a run back, or drop those that were only proposed; an agent that works on is told. */
  "agent/hunk/reject": { params: HunkParams; result: HunkResult };
  /** The files with hunks that nobody has accepted or rejected yet, across runs. */
  "agent/review/list": { params: ReviewListParams; result: ReviewList };
  /** Chat channels, latest first. */
  "agent/channel/list": { params: ChannelListParams; result: ChannelListResult };
  /** Open a chat channel. */
  "agent/channel/open": { params: ChannelOpenParams; result: ChannelOpened };
  /** Open a channel that goes on from a place of another one: to go another way, to say something anew, or to try again. */
  "agent/channel/fork": { params: ChannelForkParams; result: ChannelForked };
  /** Say something in a channel: starts a run, or steers the one that is active. */
  "agent/channel/post": { params: ChannelPostParams; result: Posted };
  /** A channel's messages, oldest first. */
  "agent/channel/history": { params: ChannelHistoryParams; result: ChannelPage };
  /** Give a channel another title. */
  "agent/channel/rename": { params: ChannelRenameParams; result: Channel };
  /** Say who answers in a channel from its next run on. */
  "agent/channel/choose": { params: ChannelChooseParams; result: Channel };
  /** Put a channel away, or take it back out. */
  "agent/channel/archive": { params: ChannelArchiveParams; result: Channel };
  /** Take a channel and its messages away; its runs stay, and can be undone. */
  "agent/channel/delete": { params: ChannelParams; result: ChannelDeleted };
  /** The channels and messages in which something stands, latest first. */
  "agent/channel/search": { params: ChannelSearchParams; result: ChannelsFound };
  /** What a model is sent, or would be sent next, piece by piece. */
  "agent/context/inspect": { params: ContextInspectParams; result: ContextView };
  /** Let a piece or a file stay in a channel's conversation, or no longer. */
  "agent/context/pin": { params: ContextPinParams; result: ContextView };
  /** Leave a piece of a channel's conversation out, or no longer. */
  "agent/context/drop": { params: ContextDropParams; result: ContextView };
  /** Questions that wait for an answer. */
  "agent/approval/list": { params: NoParams; result: ApprovalListResult };
  /** Answer a question; the first answer wins. */
  "agent/approval/answer": { params: ApprovalAnswerParams; result: ApprovalAnswerResult };
  /** The answers that hold for more than their call, and for how long. */
  "agent/grant/list": { params: NoParams; result: GrantListResult };
  /** Take such an answer back; what it allowed is asked for again by the very next call. */
  "agent/grant/revoke": { params: GrantParams; result: Grant };
  /** The registered providers and their state. */
  "agent/provider/list": { params: NoParams; result: ProviderListResult };
  /** Use a provider again, and see whether it is there. */
  "agent/provider/connect": { params: ProviderParams; result: ProviderView };
  /** Let go of a provider: nothing is asked of it until it is connected again. */
  "agent/provider/disconnect": { params: ProviderParams; result: ProviderView };
  /** Look at a provider's host: whether it answers, whether one is logged in. Without a provider: at all, and for new ones. */
  "agent/provider/check": { params: ProviderParams; result: ProviderCheck };
  /** The models that can be chosen. */
  "agent/model/list": { params: ModelListParams; result: ModelListResult };
  /** What hosts have or could install, page by page, best first. */
  "agent/model/search": { params: ModelSearchParams; result: ModelPage };
  /** Have a host install a model, with `$/progress`; answered when it is there. Can be cancelled. */
  "agent/model/install": { params: ModelInstallParams; result: ModelInstalled };
  /** Free the memory that a model takes at its host. */
  "agent/model/unload": { params: ModelParams; result: ModelView };
  /** Mark a model as a favourite, or take the mark away; kept over restarts. */
  "agent/model/favourite": { params: ModelFavouriteParams; result: ModelView };
  /** The names of the keys in the vault. */
  "agent/key/list": { params: NoParams; result: KeyListResult };
  /** Keep a key in the vault, in place of the one of this name. */
  "agent/key/set": { params: KeySetParams; result: KeySet };
  /** Take a key out of the vault. */
  "agent/key/delete": { params: KeyParams; result: KeyDeleted };
  /** The agents, each with the models that a run would ask now. */
  "agent/agent/list": { params: NoParams; result: AgentListResult };
  /** The agents as they are brought: their tools, and what they hand on. */
  "agent/template/list": { params: NoParams; result: TemplateListResult };
  /** The workflows, with their steps and ways back. */
  "agent/workflow/list": { params: NoParams; result: WorkflowListResult };
  /** The tools, who has them, and which of them the rules keep from everybody. */
  "agent/tool/list": { params: NoParams; result: ToolListResult };
  /** What can be posted to a chat, for completion. */
  "agent/command/list": { params: NoParams; result: CommandListResult };
  /** What can be attached to a message and fits what is typed: files, symbols, selection. */
  "agent/attachment/complete": { params: AttachmentCompleteParams; result: AttachmentItems };
  /** Write the message of a commit from what is staged, by the small model; nothing is committed. */
  "agent/commit/message": { params: CommitMessageParams; result: CommitMessage };
  /** The settings that hold, where each comes from, and what is wrong in them. */
  "agent/settings/get": { params: SettingsGetParams; result: SettingsView };
  /** Write one key into a file of settings; answered when it holds. */
  "agent/settings/set": { params: SettingsSetParams; result: SettingWritten };
  /** Trust a workspace folder, or no longer; answered when that holds. */
  "agent/trust/set": { params: TrustSetParams; result: FolderTrust };
  /** The person could see a suggestion. */
  "agent/suggestion/shown": { params: SuggestionParams; result: SuggestionFeedback };
  /** A suggestion was taken, as a whole or in part. */
  "agent/suggestion/accepted": { params: SuggestionAcceptedParams; result: SuggestionFeedback };
  /** A suggestion was dismissed; it does not come again at its place. */
  "agent/suggestion/rejected": { params: SuggestionParams; result: SuggestionFeedback };
  /** How the latest request for a suggestion ended: why there was none. */
  "agent/suggestion/explain": { params: SuggestionExplainParams; result: SuggestionExplanation };
  /** Suggest nothing for a while unless asked by hand. */
  "agent/suggestion/snooze": { params: SuggestionSnoozeParams; result: SuggestionSnooze };
  /** Tokens and money of every call, ghost text included; of no run or channel, it is in the rows of providers and days. */
  "agent/usage": { params: UsageParams; result: UsageResult };
}

/** What each notification of the server carries. */
export interface Notifications {
  /** Something happened in a run. */
  "agent/event": { params: AgentEvent };
  /** A channel was created, updated or deleted, by this server or another one on the same home. */
  "agent/channel/changed": { params: ChannelChanged };
  /** A provider came, went, or is in another state; told a few times a second at most. */
  "agent/provider/changed": { params: ProvidersChanged };
  /** The server's state changed. */
  "agent/status/changed": { params: Status };
  /** Settings of this client are others now, by whatever layer. */
  "agent/settings/changed": { params: SettingsChanged };
}

/** What each command of `workspace/executeCommand` takes and gives. */
export interface Commands {
  /** Start a run; answers its id at once. */
  "coterie.run": { argument: RunArguments; result: RunStarted };
  /** Ask the chat agent; answers the run's id at once. */
  "coterie.ask": { argument: AskArguments; result: RunStarted };
  /** Take back what a run changed. */
  "coterie.undo": { argument: UndoArguments; result: UndoResult | UndoGoesOn };
  /** Stop a run. */
  "coterie.cancel": { argument: WhichRunArguments; result: RunStateView };
  /** Go on with a run that was interrupted or has failed. */
  "coterie.resume": { argument: WhichRunArguments; result: RunStateView };
  /** Answer an open question. */
  "coterie.approve": { argument: ApproveArguments; result: ApprovalAnswerResult };
  /** Show a channel as a Markdown document to write in. */
  "coterie.openChannel": { argument: OpenChannelArguments; result: ChatOpened };
  /** List the channels; a plain client lets the person choose one to open. */
  "coterie.channels": { argument: ChannelListParams; result: ChannelListResult };
  /** Show what the model of a channel reads as a Markdown document. */
  "coterie.inspectContext": { argument: InspectContextArguments; result: ChatOpened };
  /** Send what is written under the last heading of a chat document. */
  "coterie.send": { argument: SendArguments; result: Posted };
  /** Keep changes, which takes their lenses away; what was only proposed is applied. */
  "coterie.accept": { argument: AcceptArguments; result: Accepted };
  /** Take back changes, also of a run that goes on: its agent is told. */
  "coterie.reject": { argument: RejectArguments; result: UndoResult | UndoGoesOn };
  /** Start a run that mends a finding of a review. */
  "coterie.fix": { argument: FindingArguments; result: RunStarted };
  /** Forget a finding of a review. */
  "coterie.dismiss": { argument: FindingArguments; result: FindingArguments };
  /** Say whether the Claude Code command line is there, and who is logged in. */
  "coterie.checkClaudeCode": { argument: CheckClaudeCodeArguments; result: ProviderCheck };
  /** Say how a host gets its key; it is never typed into a prompt of the server's, which editors log. */
  "coterie.configureProviderKey": { argument: ConfigureKeyArguments; result: KeyAdvice };
  /** Write the message of a commit from what is staged. */
  "coterie.commitMessage": { argument: CommitMessageParams; result: CommitMessage };
  /** Note that a suggestion was taken as a whole. */
  "coterie.suggestion.accepted": { argument: AcceptedArguments; result: SuggestionFeedback };
  /** Suggest nothing for a while unless asked by hand. */
  "coterie.suggestion.snooze": { argument: SnoozeArguments; result: SuggestionSnooze };
}
