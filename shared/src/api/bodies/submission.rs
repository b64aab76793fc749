//! Reads the request body of `POST /forms/{key}/leads`: the submission of a web form.

use schemars::{Schema, json_schema};
use serde_json::Value;

use super::form::MAX_URL_CHARS;
use super::lead::{EmailAddress, MAX_LINE_CHARS, MAX_TEXT_CHARS, Phones, RequestKind, profiles};
use crate::api::input::fields::{BodyReader, JsonObject, ObjectReader, RequestBody};
use crate::api::input::validator::{Validator, line, lines};
use crate::domain::{Attribution, Fault, Form, Lead, LeadChange, LeadRow, LeadValues, Submission, stored};

/// Names of the click ids that ad platforms add to the URL of a clicked ad.
const CLICK_IDS: [&str; 9] =
    ["gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id"];
/// Maximum number of campaign parameters and click ids, counted together, that are stored from one submission.
const MAX_PARAMETERS: usize = 20;
const MAX_PARAMETER_CHARS: usize = 500;
/// Maximum length of a campaign parameter's name, in characters. A field with a longer name counts as unknown. The
/// names of unknown fields are cut to this length.
const MAX_FIELD_NAME_CHARS: usize = 100;
/// Name of the hidden form field (honeypot) that people leave empty and bots fill in.
const HONEYPOT: &str = "_gotcha";

impl RequestBody for Submission {
    const INVALID: &'static str = "Invalid submission";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(&[], |fields| {
            // Unknown fields are accepted, because a visitor cannot change what the page sends.
            fields.accept_any();
            let about = "First and last name in one field, used for names that are not given separately.";
            let name = fields.optional("name", &line(200).describe(about));
            let row = read_visitor_fields(fields);
            let about = "Message of the visitor. It becomes a comment on the lead.";
            let message = fields.optional("message", &lines(10_000).describe(about));
            let about = "Honeypot: hide this field on the page. A submission that fills it in is answered as if it were \
                         accepted, and discarded.";
            fields.optional(HONEYPOT, &Anything.describe(about));
            let mut attribution = Attribution::new();
            let pages = [
                ("page", "URL of the page with the form."),
                ("referrer", "URL of the page that the visitor came from."),
            ];
            for (name, about) in pages {
                let text = fields.optional(name, &Cut(MAX_URL_CHARS).describe(about)).flatten().filter(|text| !text.is_empty());
                attribution.extend(text.map(|text| (name.to_owned(), text)));
            }
            let mut ignored = Vec::new();
            let mut parameters = 0;
            for (name, value) in fields.take_unknown_fields() {
                if !is_parameter(&name) {
                    ignored.push(name.chars().filter(|c| !c.is_control()).take(MAX_FIELD_NAME_CHARS).collect());
                } else if let Some(text) = cut(&value, MAX_PARAMETER_CHARS).filter(|_| parameters < MAX_PARAMETERS) {
                    attribution.insert(name, text);
                    parameters += 1;
                }
            }
            ignored.truncate(Form::MAX_SHOWN_UNKNOWN_FIELDS);
            let row = row?.with_names_from(&name?.unwrap_or_default());
            Some(Self { row, message: message?.unwrap_or_default(), attribution, ignored })
        })
    }
}

/// Whether a field name is that of a campaign parameter (`utm_*`) or of a click id.
fn is_parameter(name: &str) -> bool {
    let campaign = name.strip_prefix("utm_").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    });
    campaign && name.len() <= MAX_FIELD_NAME_CHARS || CLICK_IDS.contains(&name)
}

/// Converts a JSON string or number to a text of at most `max` characters, with control characters replaced by spaces.
/// Of an array, the first element with a non-empty text is converted. `None` if the text is empty or the value has
/// another type.
fn cut(value: &Value, max: usize) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(several) => return several.iter().find_map(|one| cut(one, max)),
        Value::Null | Value::Bool(_) | Value::Object(_) => return None,
    };
    let text: String = stored(&text.replace(char::is_control, " ")).chars().take(max).collect();
    Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// Accepts any JSON value and reads the text of the value, cut to the given number of characters. A value without text
/// is read as an empty text.
struct Cut(usize);

impl Validator for Cut {
    type Value = String;

    fn read(&self, value: Value) -> Result<String, Fault> {
        Ok(cut(&value, self.0).unwrap_or_default())
    }

    fn schema(&self) -> Schema {
        json_schema!({ "description": "" })
    }
}

/// Accepts any JSON value and discards the value.
struct Anything;

impl Validator for Anything {
    type Value = ();

    fn read(&self, _: Value) -> Result<(), Fault> {
        Ok(())
    }

    fn schema(&self) -> Schema {
        json_schema!({ "description": "" })
    }
}

/// Reads the fields of a lead that a visitor may fill in. Browsers submit empty inputs too, so an empty optional field
/// counts as absent.
fn read_visitor_fields(fields: &mut impl ObjectReader) -> Option<LeadRow> {
    let email = fields.required("email", &EmailAddress);
    let text = |text: Option<Option<String>>| text.flatten().filter(|text| !text.is_empty());
    let first_name = text(fields.optional("firstName", &line(Lead::MAX_NAME_CHARS)));
    let last_name = text(fields.optional("lastName", &line(Lead::MAX_NAME_CHARS)));
    let phone_number = fields.optional("phoneNumber", &Phones).flatten();
    let company = text(fields.optional("company", &line(MAX_LINE_CHARS)));
    let position = text(fields.optional("position", &line(MAX_LINE_CHARS)));
    let location = text(fields.optional("location", &line(MAX_LINE_CHARS)));
    let description = text(fields.optional("description", &lines(MAX_TEXT_CHARS)));
    let profiles = fields.nested("socialMedia", false, |fields| profiles(fields, RequestKind::Post));
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
    let change = LeadChange { values, profiles: profiles.unwrap_or_default(), faults: Vec::new() };
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
        sent.get(HONEYPOT).is_some_and(is_filled)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::input::fields::JsonBody;

    fn read(value: Value) -> Submission {
        let mut errors = Vec::new();
        let read = Submission::read(JsonBody { value, errors: &mut errors });
        read.filter(|_| errors.is_empty()).unwrap_or_else(|| unreachable!("{errors:?}"))
    }

    #[test]
    fn a_page_may_send_anything_beside_what_a_visitor_types() {
        let long = "x".repeat(3000);
        let read = read(json!({
            "email": "ada@example.com", "utm_campaign_id": 4711, "msclkid": ["a", "b"], "fbclid": long, "utm_": "x",
            "utm_source": " news\u{0}letter ", "page": { "a": 1 }, "referrer": 7, "submit": "Send", "statusId": 9,
            "socialMedia": { "linkedin": "l", "twitter": "@ada" }, "utm_term": null,
        }));
        let cut = &long[..MAX_PARAMETER_CHARS];
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
        let read = self::read(Value::Object(many));
        assert_eq!((read.attribution.len(), &read.ignored[..]), (MAX_PARAMETERS, &["socialMedia".to_owned()][..]));
    }

    #[test]
    fn a_honeypot_is_filled_in_by_anything() {
        let spam = |value: Value| Submission::is_spam(&JsonObject::from_iter([(HONEYPOT.to_owned(), value)]));
        for filled in [json!("x"), json!(" "), json!(0), json!(false), json!(["", "x"]), json!({}), json!("\u{0}")] {
            assert!(spam(filled.clone()), "{filled}");
        }
        for empty in [json!(""), json!(null), json!(["", ""]), json!([])] {
            assert!(!spam(empty.clone()), "{empty}");
        }
    }
}
