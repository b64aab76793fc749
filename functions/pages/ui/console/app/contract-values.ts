// Limits, event types and status colours of the OpenAPI document. `cargo contract` writes this file.

export const LIMITS = {
  maxNameChars: 100,
  maxEmailChars: 254,
  maxTextChars: 200,
  maxDescriptionChars: 10000,
  maxCommentChars: 10000,
  maxPhoneNumbers: 10,
  maxPhoneNumberChars: 32,
  maxExternalIdChars: 100,
  maxUrlChars: 2000,
  maxBatchRows: 100,
  maxStatusesPerTeam: 12,
  maxBusinessesPerTeam: 500,
  maxApiKeysPerTeam: 50,
  maxFormsPerTeam: 50,
  maxWebhooksPerTeam: 20,
} as const;

export const EVENT_TYPES = [
  "lead.created",
  "lead.updated",
  "lead.archived",
  "lead.restored",
  "lead.status_changed",
  "lead.photo_changed",
  "lead.deleted",
  "comment.created",
  "comment.updated",
  "comment.deleted",
] as const;

export const STATUS_COLORS = [
  "blue",
  "green",
  "yellow",
  "pink",
  "cyan",
  "gray",
  "coral",
  "salmon",
  "seagreen",
  "skyblue",
  "steelblue",
  "slategray",
] as const;
