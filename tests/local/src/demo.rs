//! Data of the demo team: three businesses, 60 leads of the last 60 days, some with a portrait, comments, an API key, a
//! form, views, a webhook, and an uploaded photo that no lead has yet.

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use serde_json::json;
use shared::api::{JsonBody, RequestBody};
use shared::domain::{
    Actor, ApiKeyInput, ApiKeyRole, BusinessInput, CommentInput, FormInput, LeadId, NewLead, SigningSecret, Timestamp,
    User, ViewInput, WebhookInput,
};
use shared::platform::photos::PhotoBucket;
use shared::store::{
    ActivityStore, ApiKeyStore, FormStore, LeadStore, PhotoStore, StoredResponse, Table, TeamStore, ViewStore,
    WebhookStore,
};

use crate::identity::TokenIdentity;

const DEMO_PHOTO_JPEG: &[u8] = include_bytes!("../demo/photo.jpg");
/// How many leads are created on each of the last 60 days, the oldest day first.
const LEADS_PER_DAY: [i64; 60] = [
    1, 0, 1, 0, 3, 4, 0, 0, 2, 1, 0, 0, 1, 0, 1, 1, 0, 0, 2, 1, 1, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 1, 2, 1, 3, 0,
    1, 3, 2, 2, 2, 1, 0, 0, 4, 1, 0, 0, 1, 0, 0, 0, 1, 3, 1, 2, 1, 2,
];
const BUSINESS_NAMES: [&str; 3] = ["Northwind Traders", "Contoso Consulting", "Fabrikam Foods"];
const FIRST_NAMES: [&str; 20] = [
    "Ada",
    "Björn",
    "Chloé",
    "Dmitri",
    "Elena",
    "Farid",
    "Grace",
    "Hiro",
    "Inês",
    "Jonas",
    "Katarzyna",
    "Liam",
    "Mei",
    "Nadia",
    "Oscar",
    "Priya",
    "Quentin",
    "Rosa",
    "Sven",
    "Thandi",
];
const LAST_NAMES: [&str; 15] = [
    "Almeida",
    "Brown",
    "Castillo",
    "Dubois",
    "Eriksson",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "O'Connor",
];
/// Names of companies, each with the domain of its email addresses.
const COMPANIES: [(&str, &str); 8] = [
    ("Bluebird Logistics", "bluebird.example"),
    ("Cedar & Co", "cedar.example"),
    ("Delta Robotics", "delta-robotics.example"),
    ("Evergreen Energy", "evergreen.example"),
    ("Foxglove Media", "foxglove.example"),
    ("Granite Construction", "granite.example"),
    ("Harbor Insurance", "harbor.example"),
    ("Ironwood Furniture", "ironwood.example"),
];
const LOCATION_NAMES: [&str; 6] = ["Berlin", "Lisbon", "Mexico City", "Nairobi", "New York", "Tokyo"];
const JOB_POSITIONS: [&str; 5] = ["Buyer", "Head of Sales", "Manager", "Operations Lead", "Owner"];
const LEAD_SOURCES: [&str; 4] = ["Referral", "Website", "Trade fair", "Newsletter"];

/// Fixed bytes instead of random ones for the key of the demo form, because the sample event and `demo/form.html`
/// contain the key. A form's key is public anyway.
const FORM_KEY_BYTES: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// URL of the demo webhook. No server listens there, so that failed deliveries can be seen. The webhook receives status
/// changes only, and the demo data changes no status, so there are no deliveries at first.
const UNREACHABLE_WEBHOOK_URL: &str = "http://127.0.0.1:8001/";

/// The id of a lead, how many minutes ago somebody commented on it, and the comment.
const COMMENT_TEXTS: [(u64, i64, &str); 14] = [
    (1, 40 * 24 * 60, "Called, wants an offer by Friday."),
    (1, 38 * 24 * 60, "Offer sent."),
    (2, 21 * 24 * 60, "Met at the trade fair; interested in a pilot."),
    (60, 4, "Came in through the website last night."),
    (60, 2, "Left a message."),
    (24, 15 * 24 * 60, "Budget is decided in January. Call again then."),
    (31, 9 * 24 * 60, "Wants to see the warehouse integration before anything else."),
    (38, 8 * 24 * 60, "Sent the price list and two references."),
    (45, 3 * 24 * 60, "Compares us with two others. Decides this month."),
    (52, 26 * 60, "Demo went well: the whole team was there."),
    (55, 5 * 60, "Asked for a contract in German."),
    (57, 130, "Mailbox is full, wrote an email instead."),
    (58, 45, "Interested, but only for the branch in Lisbon at first."),
    (59, 20, "Call back on Thursday after lunch."),
];

/// Portraits of some leads: the name of the file, and its bytes.
const PORTRAITS: [(&str, &[u8]); 8] = [
    ("portrait-1.jpg", include_bytes!("../demo/portrait-1.jpg")),
    ("portrait-2.jpg", include_bytes!("../demo/portrait-2.jpg")),
    ("portrait-3.jpg", include_bytes!("../demo/portrait-3.jpg")),
    ("portrait-4.jpg", include_bytes!("../demo/portrait-4.jpg")),
    ("portrait-5.jpg", include_bytes!("../demo/portrait-5.jpg")),
    ("portrait-6.jpg", include_bytes!("../demo/portrait-6.jpg")),
    ("portrait-7.jpg", include_bytes!("../demo/portrait-7.jpg")),
    ("portrait-8.jpg", include_bytes!("../demo/portrait-8.jpg")),
];

/// Returns how many minutes ago each lead was created, the oldest lead first.
fn minutes_since_creation() -> impl Iterator<Item = i64> {
    (0..)
        .zip(LEADS_PER_DAY.into_iter().rev())
        .flat_map(|(days_ago, leads)| {
            let latest = if days_ago == 0 { 5 } else { days_ago * 24 * 60 + days_ago * 37 % 240 };
            (0..leads).map(move |nth| latest + nth * 47)
        })
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
}

fn pick_by_number<T: Copy>(from: &[T], n: i64) -> T {
    from[usize::try_from(n).unwrap_or(0) % from.len()]
}

/// Writes the demo data through the store functions that API requests use. Each lead has its own time of creation.
pub(crate) async fn write_demo_data(table: &Table, photos: &PhotoBucket) -> Result<()> {
    let now = Timestamp::from(jiff::Timestamp::now());
    let owner = TokenIdentity::demo_member("Owner");
    let user = User { id: owner.user_id, email: owner.email, first_name: owner.first_name, last_name: owner.last_name };
    let team = owner.team.parse().map_err(|()| anyhow::anyhow!("the demo team's id is not one"))?;
    let mut actor = Actor { team, user, agent: None, at: now };
    let empty = || StoredResponse::ok(json!({}));
    for name in BUSINESS_NAMES {
        TeamStore::from(table.clone())
            .add_business(&actor, &BusinessInput { name: name.into() }, None, |_| empty())
            .await?;
    }
    for (name, jpeg) in PORTRAITS {
        let photo = name.parse().map_err(|()| anyhow::anyhow!("not a photo's name"))?;
        photos.put_upload(&actor.team, &photo, jpeg.to_vec(), "image/jpeg").await?;
        PhotoStore::from(table.clone()).add_photo(&actor, &photo, None, empty()).await?;
        photos.promote_upload(&actor.team, &photo).await?;
    }
    for (n, minutes_ago) in (0..).zip(minutes_since_creation()) {
        actor.at = now.saturating_add(-SignedDuration::from_mins(minutes_ago));
        LeadStore::from(table.clone()).create_lead(&actor, &demo_lead(n)?, None, true, |_, _| empty()).await?;
    }
    for (lead, minutes_ago, text) in COMMENT_TEXTS {
        actor.at = now.saturating_add(-SignedDuration::from_mins(minutes_ago));
        let lead = LeadId::new(lead).ok_or_else(|| anyhow::anyhow!("not a lead's id"))?;
        ActivityStore::from(table.clone())
            .add_comment(&actor, lead, &CommentInput { content: text.into() }, None, |_| empty())
            .await?;
    }
    actor.at = now;
    let body = json!({ "name": "Contact", "source": "Website", "redirectUrl": "http://127.0.0.1:8080/thanks.html" });
    let form = FormInput::read_body(JsonBody { value: body, errors: &mut Vec::new() }).context("not a form")?;
    FormStore::from(table.clone()).add_form(&actor, &form, FORM_KEY_BYTES, None, |_, _| empty()).await?;
    let (input, random) =
        (ApiKeyInput { name: "Web site".into(), role: ApiKeyRole::Sender, expires_at: None }, random_secret()?);
    ApiKeyStore::from(table.clone()).add_api_key(&actor, &input, random, None, |_, _| empty()).await?;
    for view in [
        json!({ "name": "Open", "query": { "status": "1,2,3" }, "layout": "board", "columns": [], "shared": true }),
        json!({ "name": "From the website", "query": { "source": "Website" }, "layout": "table",
            "columns": ["company", "status", "email", "createdAt"], "shared": true }),
    ] {
        let view = ViewInput::read_body(JsonBody { value: view, errors: &mut Vec::new() }).context("not a view")?;
        ViewStore::from(table.clone()).add_view(&actor, &view, None, |_| empty()).await?;
    }
    let body = json!({ "url": UNREACHABLE_WEBHOOK_URL, "types": ["lead.status_changed"], "description": "Nothing listens here" });
    let webhook =
        WebhookInput::read_body(JsonBody { value: body, errors: &mut Vec::new() }).context("not a webhook")?;
    WebhookStore::from(table.clone())
        .add_webhook(&actor, &webhook, SigningSecret::new(random_secret()?), None, |_, _| empty())
        .await?;
    let photo = "photo.jpg".parse().map_err(|()| anyhow::anyhow!("not a photo's name"))?;
    photos.put_upload(&actor.team, &photo, DEMO_PHOTO_JPEG.to_vec(), "image/jpeg").await?;
    PhotoStore::from(table.clone()).add_photo(&actor, &photo, None, empty()).await?;
    Ok(())
}

fn random_secret() -> Result<[u8; 32]> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(random)
}

/// Writes a name as it stands in an email address.
fn address_part(name: &str) -> String {
    let letters = name
        .to_lowercase()
        .chars()
        .map(|letter| match letter {
            'é' | 'ê' => 'e',
            'í' => 'i',
            'ö' => 'o',
            other => other,
        })
        .collect::<String>();
    letters.chars().filter(char::is_ascii_alphabetic).collect()
}

/// Every fourth lead came from another CRM, and half of those are customers in the accounts too.
fn demo_external_ids(n: i64) -> serde_json::Value {
    match n % 8 {
        2 => json!({ "hubspot": (51_000 + n).to_string(), "xero": format!("C-{:04}", 300 + n) }),
        6 => json!({ "hubspot": (51_000 + n).to_string() }),
        _ => json!({}),
    }
}

fn demo_lead(n: i64) -> Result<NewLead> {
    let (first, last) = (pick_by_number(&FIRST_NAMES, n * 7), pick_by_number(&LAST_NAMES, n * 11 + n / 15));
    let businesses: &[u64] = [&[1][..], &[2], &[1, 2], &[3], &[]][usize::try_from(n % 5)?];
    let status = [1, 1, 2, 1, 3, 2, 4][usize::try_from(n % 7)?];
    let (company, domain) = pick_by_number(&COMPANIES, n * 3);
    let portrait = usize::try_from(n / 7)?;
    let photo = if n % 7 == 5 { PORTRAITS.get(portrait).map_or("", |(name, _)| name) } else { "" };
    let body = json!({
        "firstName": first,
        "lastName": last,
        "email": format!("{}.{}@{domain}", address_part(first), address_part(last)),
        "phoneNumber": [format!("555-{:03}-{:04}", 100 + n * 3, 1000 + n * 37)],
        "business": businesses,
        "photo": photo,
        "state": if n % 9 == 8 { "Inactive" } else { "Active" },
        "statusId": status,
        "source": pick_by_number(&LEAD_SOURCES, n),
        "description": format!("Asked for an offer for {company}."),
        "location": pick_by_number(&LOCATION_NAMES, n * 5),
        "position": pick_by_number(&JOB_POSITIONS, n * 3),
        "company": company,
        "socialMedia": {},
        "externalIds": demo_external_ids(n),
    });
    let mut errors = Vec::new();
    NewLead::read_body(JsonBody { value: body, errors: &mut errors })
        .ok_or_else(|| anyhow::anyhow!("demo lead {n}: {errors:?}"))
}
