//! Request bodies like the examples of the original API document, for tests and benches.

use serde_json::{Value, json};

/// A GIF image of one pixel, in base64.
pub const PIXEL_GIF_BASE64: &str = "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==";

/// The example lead of the original API document, with this e-mail address and without a business.
pub fn example_lead(email: &str) -> Value {
    json!({
        "firstName": "John",
        "lastName": "Doe",
        "business": [],
        "photo": "",
        "state": "Active",
        "statusId": 1,
        "source": "Referral",
        "phoneNumber": ["123-456-7890"],
        "email": email,
        "description": "Lead description",
        "location": "New York",
        "socialMedia": {
            "youtube": "youtube.com/lead",
            "facebook": "facebook.com/lead",
            "instagram": "instagram.com/lead",
            "twitter": "twitter.com/lead"
        },
        "position": "Manager",
        "company": "Company Name"
    })
}

/// The example lead with this e-mail address, in which `changes` replaces fields.
///
/// # Panics
/// If `changes` is not a JSON object.
pub fn example_lead_with(email: &str, changes: Value) -> Value {
    with_replaced_fields(example_lead(email), changes)
}

/// The body of a `PUT` request that changes only the fields in `changes`. Other fields are `null` or absent.
///
/// # Panics
/// If `changes` is not a JSON object.
pub fn put_body_with(changes: Value) -> Value {
    let fields = [
        "firstName",
        "lastName",
        "business",
        "photo",
        "state",
        "statusId",
        "source",
        "phoneNumber",
        "description",
        "location",
        "position",
        "company",
    ];
    with_replaced_fields(fields.iter().map(|field| ((*field).to_owned(), Value::Null)).collect(), changes)
}

fn with_replaced_fields(mut body: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes} is no object") };
    for (field, value) in changes {
        body[field] = value;
    }
    body
}
