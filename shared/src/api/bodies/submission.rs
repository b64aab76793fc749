//! Reads the request body of `POST /forms/{key}/leads`: the submission of a web form.

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::form::MAX_URL_CHARS;
use super::lead::{MAX_LINE_CHARS, MAX_TEXT_CHARS, read_profile_values};
use super::lead_field::RequestKind;
use super::lead_validators::{EmailValidator, PhoneNumbersValidator};
use crate::api::input::body_reader::{BodyReader, JsonObject, ObjectReader, RequestBody};
use crate::api::input::validator::{Validator, multi_line_text, single_line_text};
use crate::domain::{
    Attribution, Form, Lead, LeadChange, LeadRow, LeadValues, Submission, ValidationFault, normalize_for_storage,
};

/// Names of the click ids that ad platforms add to the URL of a clicked ad.
const CLICK_IDS: [&str; 9] =
    ["gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id"];
/// Maximum number of campaign parameters and click ids, counted together, that are stored from one submission.
const MAX_ATTRIBUTION_PARAMS: usize = 20;
const MAX_ATTRIBUTION_PARAM_CHARS: usize = 500;
/// Maximum length of a campaign parameter's name, in characters. A field with a longer name counts as unknown. The
/// names of unknown fields are cut to this length.
const MAX_FIELD_NAME_CHARS: usize = 100;
/// Name of the hidden form field (honeypot) that people leave empty and bots fill in.
const HONEYPOT_FIELD: &str = "_gotcha";
const HONEYPOT_DESCRIPTION: &str = "Honeypot: hide this field on the page. A submission that fills it in is answered as \
                                    if it were accepted, and discarded.";

impl RequestBody for Submission {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid submission";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(&[], |fields| {
            // Unknown fields are accepted, because a visitor cannot change what the page sends.
            fields.accept_unknown_fields();
            let about = "First and last name in one field, used for names that are not given separately.";
            let name = fields.read_optional_field("name", &single_line_text(200).with_description(about));
            let row = read_visitor_fields(fields);
            let about = "Message of the visitor. It becomes a comment on the lead.";
            let message = fields.read_optional_field("message", &multi_line_text(10_000).with_description(about));
            fields.read_optional_field(HONEYPOT_FIELD, &DiscardValidator.with_description(HONEYPOT_DESCRIPTION));
            let mut attribution = Attribution::new();
            let pages = [
                ("page", "URL of the page with the form."),
                ("referrer", "URL of the page that the visitor came from."),
            ];
            for (name, about) in pages {
                let text = fields
                    .read_optional_field(name, &TruncatedTextValidator(MAX_URL_CHARS).with_description(about))
                    .flatten();
                let text = text.filter(|text| !text.is_empty());
                attribution.extend(text.map(|text| (name.to_owned(), text)));
            }
            let mut ignored = Vec::new();
            let mut parameters = 0;
            for (name, value) in fields.take_unknown_fields() {
                if !is_attribution_param(&name) {
                    ignored.push(name.chars().filter(|c| !c.is_control()).take(MAX_FIELD_NAME_CHARS).collect());
                } else if let Some(text) =
                    truncated_text(&value, MAX_ATTRIBUTION_PARAM_CHARS).filter(|_| parameters < MAX_ATTRIBUTION_PARAMS)
                {
                    attribution.insert(name, text);
                    parameters += 1;
                }
            }
            ignored.truncate(Form::MAX_SHOWN_UNKNOWN_FIELDS);
            let row = row?.with_full_name(&name?.unwrap_or_default());
            Some(Self { row, message: message?.unwrap_or_default(), attribution, ignored })
        })
    }
}

/// Whether a field name is that of a campaign parameter (`utm_*`) or of a click id.
fn is_attribution_param(name: &str) -> bool {
    let campaign = name.strip_prefix("utm_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    });
    campaign && name.len() <= MAX_FIELD_NAME_CHARS || CLICK_IDS.contains(&name)
}

/// Converts a JSON string or number to a text of at most `max` characters, with control characters replaced by spaces.
/// Of an array, the first element with a non-empty text is converted. `None` if the text is empty or the value has
/// another type.
fn truncated_text(value: &Value, max: usize) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(several) => return several.iter().find_map(|one| truncated_text(one, max)),
        Value::Null | Value::Bool(_) | Value::Object(_) => return None,
    };
    let text: String = normalize_for_storage(&text.replace(char::is_control, " ")).chars().take(max).collect();
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// Accepts any JSON value and reads the text of the value, cut to the given number of characters. A value without text
/// is read as an empty text.
struct TruncatedTextValidator(usize);

impl Validator for TruncatedTextValidator {
    type ValidValue = String;

    fn validate_value(&self, value: Value) -> Result<String, ValidationFault> {
        Ok(truncated_text(&value, self.0).unwrap_or_default())
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "description": "" })
    }
}

/// Accepts any JSON value and discards the value.
struct DiscardValidator;

impl Validator for DiscardValidator {
    type ValidValue = ();

    fn validate_value(&self, _: Value) -> Result<(), ValidationFault> {
        Ok(())
    }

    fn value_schema(&self) -> Schema {
        json_schema!({ "description": "" })
    }
}

/// Reads the fields of a lead that a visitor may fill in. Browsers submit empty inputs too, so an empty optional field
/// counts as absent.
fn read_visitor_fields(fields: &mut impl ObjectReader) -> Option<LeadRow> {
    let email = fields.read_required_field("email", &EmailValidator);
    let text = |text: Option<Option<String>>| text.flatten().filter(|text| !text.is_empty());
    let first_name = text(fields.read_optional_field("firstName", &single_line_text(Lead::MAX_NAME_CHARS)));
    let last_name = text(fields.read_optional_field("lastName", &single_line_text(Lead::MAX_NAME_CHARS)));
    let phone_number = fields.read_optional_field("phoneNumber", &PhoneNumbersValidator).flatten();
    let company = text(fields.read_optional_field("company", &single_line_text(MAX_LINE_CHARS)));
    let position = text(fields.read_optional_field("position", &single_line_text(MAX_LINE_CHARS)));
    let location = text(fields.read_optional_field("location", &single_line_text(MAX_LINE_CHARS)));
    let description = text(fields.read_optional_field("description", &multi_line_text(MAX_TEXT_CHARS)));
    let profiles =
        fields.read_nested_object("socialMedia", false, |fields| read_profile_values(fields, RequestKind::Post));
    let values = LeadValues {
        email: Some(Some(email?)),
        first_name,
        last_name,
        phone_number,
        company,
        position,
        location,
        description,
        ..LeadValues::default()
    };
    let profiles = profiles.unwrap_or_default();
    let change = LeadChange { values, profiles, ..LeadChange::default() };
    Some(LeadRow { change, ..LeadRow::default() })
}

impl Submission {
    /// Whether the honeypot field of a submission is filled in. The other fields are not looked at.
    pub fn is_spam(sent: &JsonObject) -> bool {
        fn is_filled(value: &Value) -> bool {
            match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(several) => several.iter().any(is_filled),
                Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
            }
        }
        sent.get(HONEYPOT_FIELD).is_some_and(is_filled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::input::json_body::JsonBody;

    fn read_valid_submission(value: Value) -> Submission {
        let mut errors = Vec::new();
        let read = Submission::read_body(JsonBody { value, errors: &mut errors });
        read.filter(|_| errors.is_empty()).unwrap_or_else(|| unreachable!("{errors:?}"))
    }

    #[test]
    fn attribution_is_kept_and_unknown_fields_are_ignored() {
        let long = "x".repeat(3000);
        let read = read_valid_submission(json!({
            "email": "ada@example.com", "utm_campaign_id": 4711, "msclkid": ["a", "b"], "fbclid": long, "utm_": "x",
            "utm_source": " news\u{0}letter ", "page": { "a": 1 }, "referrer": 7, "submit": "Send", "statusId": 9,
            "socialMedia": { "linkedin": "l", "twitter": "@ada" }, "utm_term": null,
        }));
        let cut = &long[..MAX_ATTRIBUTION_PARAM_CHARS];
        let kept = [
            ("fbclid", cut),
            ("msclkid", "a"),
            ("referrer", "7"),
            ("utm_campaign_id", "4711"),
            ("utm_source", "news letter"),
        ];
        assert_eq!(read.attribution, kept.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
        assert_eq!(read.ignored, ["utm_", "socialMedia.linkedin", "statusId", "submit"]);
        let many: JsonObject = (0..40).map(|n| (format!("utm_{n:02}"), json!("x"))).collect();
        let many = [("email".to_owned(), json!("ada@example.com")), ("socialMedia".to_owned(), json!("@ada"))]
            .into_iter()
            .chain(many)
            .collect();
        let read = self::read_valid_submission(Value::Object(many));
        assert_eq!(
            (read.attribution.len(), &read.ignored[..]),
            (MAX_ATTRIBUTION_PARAMS, &["socialMedia".to_owned()][..])
        );
    }

    #[test]
    fn any_non_empty_honeypot_value_is_spam() {
        let spam = |value: Value| Submission::is_spam(&JsonObject::from_iter([(HONEYPOT_FIELD.to_owned(), value)]));
        for filled in [json!("x"), json!(" "), json!(0), json!(false), json!(["", "x"]), json!({}), json!("\u{0}")] {
            assert!(spam(filled.clone()), "{filled}");
        }
        for empty in [json!(""), json!(null), json!(["", ""]), json!([])] {
            assert!(!spam(empty.clone()), "{empty}");
        }
    }
}
