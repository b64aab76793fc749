// Values of the API's contract that the console's forms check before they send.

export const LIMITS = {
  maxCommentChars: 10_000,
  maxNameChars: 100,
  maxEmailChars: 254,
  maxTextChars: 200,
  maxDescriptionChars: 10_000,
  maxPhoneNumbers: 10,
  maxPhoneNumberChars: 32,
  maxBusinesses: 10,
  maxIdsPerRequest: 100,
  maxBatchRows: 100,
  maxUrlChars: 2000,
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

/** The colours that a status may have. */
export const COLORS = [
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
