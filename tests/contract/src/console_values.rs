//! The constants of the console's TypeScript that repeat the API's: limits, event types and colors of statuses.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;
use shared::domain::{ApiKey, Form, LeadBatch, Team, Webhook};

use crate::openapi_document;

/// Limits of the OpenAPI document: the name in the console, and where the document has it.
const DOCUMENT_LIMITS: [(&str, &str); 9] = [
    ("maxNameChars", "/components/schemas/NewLead/properties/firstName/maxLength"),
    ("maxEmailChars", "/components/schemas/NewLead/properties/email/anyOf/0/maxLength"),
    ("maxTextChars", "/components/schemas/NewLead/properties/company/maxLength"),
    ("maxDescriptionChars", "/components/schemas/NewLead/properties/description/maxLength"),
    ("maxCommentChars", "/components/schemas/CommentInput/properties/content/maxLength"),
    ("maxPhoneNumbers", "/components/schemas/NewLead/properties/phoneNumber/maxItems"),
    ("maxPhoneNumberChars", "/components/schemas/NewLead/properties/phoneNumber/items/maxLength"),
    ("maxExternalIdChars", "/components/schemas/NewLead/properties/externalIds/additionalProperties/maxLength"),
    ("maxUrlChars", "/components/schemas/WebhookInput/properties/url/maxLength"),
];

/// Returns the text of `functions/pages/ui/console/app/contract-values.ts`.
///
/// # Errors
///
/// If the OpenAPI document lacks a limit or a list of names.
pub fn console_values() -> Result<String> {
    let document = openapi_document()?;
    let at = |pointer: &str| document.pointer(pointer).with_context(|| format!("the document lacks {pointer}"));
    let mut text = String::from(
        "// Limits, event types and status colours of the OpenAPI document. `cargo contract` writes this file.\n\n",
    );
    text.push_str("export const LIMITS = {\n");
    for (name, pointer) in DOCUMENT_LIMITS {
        writeln!(text, "  {name}: {},", at(pointer)?)?;
    }
    let limits_per_team = [
        ("maxBatchRows", LeadBatch::MAX_ROWS as u64),
        ("maxStatusesPerTeam", Team::MAX_STATUSES as u64),
        ("maxBusinessesPerTeam", Team::MAX_BUSINESSES as u64),
        ("maxApiKeysPerTeam", ApiKey::MAX_API_KEYS_PER_TEAM),
        ("maxFormsPerTeam", Form::MAX_FORMS_PER_TEAM),
        ("maxWebhooksPerTeam", Webhook::MAX_WEBHOOKS_PER_TEAM),
    ];
    for (name, limit) in limits_per_team {
        writeln!(text, "  {name}: {limit},")?;
    }
    text.push_str("} as const;\n");
    write_names(&mut text, "EVENT_TYPES", at("/components/schemas/EventType")?)?;
    write_names(&mut text, "STATUS_COLORS", at("/components/schemas/Color")?)?;
    Ok(text)
}

/// Writes the values of a schema's enum as a TypeScript array, one value a line.
fn write_names(text: &mut String, constant: &str, schema: &Value) -> Result<()> {
    writeln!(text, "\nexport const {constant} = [")?;
    let alternatives = schema["oneOf"].as_array().into_iter().flatten().map(|alternative| &alternative["const"]);
    let values: Vec<&Value> = schema["enum"].as_array().into_iter().flatten().chain(alternatives).collect();
    anyhow::ensure!(!values.is_empty(), "{constant} has no values");
    for value in values {
        writeln!(text, "  {value},")?;
    }
    text.push_str("] as const;\n");
    Ok(())
}
