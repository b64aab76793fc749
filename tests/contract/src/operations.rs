//! Every route of the API, in the order of the reference.

use activity::{CommentResponse, LogPage, TimelinePage};
use businesses::Businesses;
use capture::Thanks;
use dashboard::{Dates, Recent, Total, Totals, Volume};
use integrations::{
    ApiKeys, CreatedApiKey, CreatedWebhook, DeliveryPage, EventPage, Events, Forms, OnItsWay, WebhookSecret, Webhooks,
};
use leads::{ChangedLead, Export, LeadPage, List, Search};
use local::examples::PIXEL;
use photos::{JsonUpload, form_schema};
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Value, json};
use shared::http::Page;
use shared::model::{
    ApiKeyInput, BatchResponse, Business, BusinessInput, CommentInput, FormInput, FormResponse, LeadBatch, LeadIds,
    LeadMerge, LeadResponse, LeadSummaryResponse, LeadUpdate, NewLead, ReplayInput, StatusChange, StatusInput,
    StatusOrder, StatusResponse, StatusUpdate, Submission, WebhookInput, WebhookResponse,
};
use statuses::Statuses;

use crate::describe;
use crate::operation::Operation;

const LEADS: &str = "Leads";
const STATUSES: &str = "Statuses";
const BUSINESSES: &str = "Businesses";
const ACTIVITY: &str = "Activity";
const PHOTOS: &str = "Photos";
const DASHBOARD: &str = "Dashboard";
const KEYS: &str = "API keys";
const FORMS: &str = "Forms";
pub(crate) const WEBHOOKS: &str = "Events and webhooks";
const PAGES: &str = "Pages";

/// What each tag is about.
pub(crate) const TAGS: [(&str, &str); 10] = [
    (LEADS, "Create, find, change and delete leads."),
    (STATUSES, "The statuses that the team's leads go through."),
    (BUSINESSES, "The businesses that the team's leads belong to."),
    (ACTIVITY, "What was done to a lead, and what was said of it."),
    (PHOTOS, "Photos of leads."),
    (DASHBOARD, "Figures of the leads that were created in a period."),
    (KEYS, "What machines call with."),
    (FORMS, "Where leads come in from outside."),
    (WEBHOOKS, "What changed, to be read and to be told of."),
    (PAGES, "Public files: this contract, and the pages made of it."),
];

fn summary() -> Value {
    json!({
        "id": 1,
        "firstName": "John",
        "lastName": "Doe",
        "email": "john.doe@example.com",
        "phoneNumber": ["123-456-7890"],
        "status": "New",
        "statusId": 1,
        "business": [{ "id": 1, "name": "Business Name" }],
        "state": "Active",
        "photo": "",
        "company": "Company Name",
        "archived": false,
        "createdAt": "2023-01-01T00:00:00.000Z",
    })
}

fn lead() -> Value {
    let mut lead = summary();
    lead["source"] = json!("Referral");
    lead["description"] = json!("Lead description");
    lead["location"] = json!("New York");
    lead["position"] = json!("Manager");
    lead["socialMedia"] = json!({
        "youtube": "youtube.com/lead",
        "facebook": "facebook.com/lead",
        "instagram": "instagram.com/lead",
        "twitter": "twitter.com/lead",
    });
    lead["updatedAt"] = json!("2023-01-01T00:00:00.000Z");
    lead["version"] = json!(1);
    lead
}

fn status(name: &str, colour: &str) -> Value {
    json!({
        "id": 1,
        "name": name,
        "primaryColor": colour,
        "secondaryColor": format!("light{colour}"),
        "statusOrder": 1,
    })
}

fn user() -> Value {
    json!({ "id": 1, "email": "user@example.com", "firstName": "John", "lastName": "Doe" })
}

fn log() -> Value {
    json!({
        "id": 1,
        "action": "CreateLead",
        "entityType": "Lead",
        "entityId": 1,
        "user": user(),
        "createdAt": "2023-01-01T00:00:00.000Z",
        "changes": { "firstName": { "previous": null, "current": "John" } },
    })
}

fn comment(content: &str) -> Value {
    json!({
        "id": 1,
        "content": content,
        "user": user(),
        "createdAt": "2023-01-01T00:00:00.000Z",
        "updatedAt": "2023-01-01T00:00:00.000Z",
    })
}

fn entry() -> Value {
    let mut entry = comment("This is a comment.");
    entry["action"] = json!("CreateComment");
    entry["entityType"] = json!("Comment");
    entry["type"] = json!("comment");
    entry
}

fn logged() -> Value {
    let mut entry = log();
    entry["type"] = json!("log");
    entry
}

fn figure(name: &str, colour: &str) -> Value {
    json!({
        "name": name,
        "current": 10,
        "percentageChange": 10.0,
        "color": colour,
        "backgroundColor": format!("light{colour}"),
    })
}

fn answers_lead(operation: Operation, status: u16, wording: &'static str) -> Operation {
    operation.answers::<LeadResponse>(status, wording, lead()).sends("ETag")
}

/// Each once, as [`crate::document`] writes them.
pub(crate) fn all() -> Vec<Operation> {
    [leads(), bulk(), statuses(), businesses(), activity(), photos(), dashboard(), keys(), forms(), webhooks(), pages()]
        .into_iter()
        .flatten()
        .collect()
}

fn leads() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, LEADS, summary);
    let unknown = |operation: Operation| operation.refuses(404, "Lead not found");
    vec![
        operation("GET /leads", "listLeads", "List leads")
            .about("Page by page, the newest first unless `sort` says otherwise. `count` is of all that match.")
            .query::<List>()
            .answers::<LeadPage>(200, "Leads retrieved successfully", json!({ "count": 1, "leads": [summary()] })),
        operation("GET /leads/search", "searchLeads", "Search leads")
            .about("Every word must match the beginning of a word of the lead. Archived leads are left out.")
            .query::<Search>()
            .answers::<Vec<LeadSummaryResponse>>(200, "Leads retrieved successfully", json!([summary()]))
            .sends("Search-Complete"),
        answers_lead(
            operation("POST /leads", "createLead", "Create a lead").senders_too().body::<NewLead>("NewLead"),
            201,
            "Lead created successfully",
        )
        .refuses(400, "Email already exists")
        .refuses(404, "No lead status found"),
        unknown(answers_lead(
            operation("GET /leads/{id}", "getLead", "Read a lead").header("IfNoneMatch").conditional(),
            200,
            "Lead retrieved successfully",
        )),
        unknown(answers_lead(
            operation("PUT /leads/{id}", "updateLead", "Update a lead")
                .about("Every field but `email` and `socialMedia` must be there; `null` leaves one as it is.")
                .header("IfMatch")
                .body::<LeadUpdate>("LeadUpdate"),
            200,
            "Lead updated successfully",
        ))
        .refuses(400, "Email already exists")
        .refuses(412, "Precondition failed"),
        unknown(answers_lead(
            operation("PATCH /leads/{id}", "patchLead", "Change some fields of a lead")
                .about("A JSON Merge Patch (RFC 7396): what is absent stays, `null` clears, arrays are replaced.")
                .header("IfMatch")
                .body::<LeadMerge>("LeadMerge"),
            200,
            "Lead updated successfully",
        ))
        .refuses(400, "Email already exists")
        .refuses(412, "Precondition failed"),
        unknown(
            operation("DELETE /leads/{id}", "deleteLead", "Delete a lead")
                .about("For good, with its comments, its log and its photo.")
                .header("IfMatch")
                .confirms("Lead deleted successfully", "The lead has been deleted successfully."),
        )
        .refuses(412, "Precondition failed"),
    ]
}

fn bulk() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, LEADS, summary);
    let text = |_: &mut SchemaGenerator| json_schema!({ "type": "string" });
    let row = |index: usize, result: &str| json!({ "index": index, "id": 60 + index, "result": result });
    let of_ids =
        |operation: Operation| operation.body::<LeadIds>("LeadIds").refuses(400, "One or more leads not found");
    vec![
        of_ids(operation("PATCH /leads/archive", "archiveLeads", "Archive leads"))
            .about("Lists and searches leave them out from then on. All or none; repeating it is harmless.")
            .confirms("Leads archived successfully", "The leads have been archived successfully."),
        of_ids(operation("PATCH /leads/restore", "restoreLeads", "Restore archived leads"))
            .about("All or none; repeating it is harmless.")
            .confirms("Leads restored successfully", "The leads have been restored successfully."),
        operation("PUT /leads/change-status", "changeLeadStatus", "Give leads a status")
            .about("All or none; repeating it is harmless.")
            .body::<StatusChange>("StatusChange")
            .answers::<Vec<ChangedLead>>(
                200,
                "Lead statuses updated successfully",
                json!([{ "id": 1, "status": "Updated Status", "statusId": 1 }]),
            )
            .refuses(400, "Invalid status ID")
            .refuses(404, "Lead not found"),
        of_ids(operation("DELETE /leads", "deleteLeads", "Delete leads"))
            .about("For good, with their comments, logs and photos. All or none.")
            .confirms("Leads deleted successfully", "The leads have been deleted successfully."),
        operation("POST /leads/batch", "writeLeads", "Create and change many leads")
            .about(
                "Each row is whole or not at all, and one that fails stops no other: the answer tells what became of each. \
                 Rows are matched by `email`. A new lead needs an address or a phone number; what else is absent is empty, \
                 `state` `Active`, `statusId` the first in order. A row without an address is a new lead. A lead that is \
                 there is changed as by PATCH. Names decide where a row has ids too. With an `Idempotency-Key` a request \
                 that was cut short is sent again and goes on.",
            )
            .senders_too()
            .body::<LeadBatch>("LeadBatch")
            .judges_rows("leads")
            .answers::<BatchResponse>(
                200,
                "What became of each row",
                json!({
                    "created": 1,
                    "updated": 1,
                    "unchanged": 0,
                    "failed": 0,
                    "results": [row(0, "created"), row(1, "updated")],
                }),
            ),
        operation("GET /leads/export", "exportLeads", "Export leads")
            .about(
                "With everything, in CSV (RFC 4180) or a lead a line. `Link` leads to what follows, where something does; \
                 only the first answer has the row of the columns' names. A cell that a spreadsheet would run has an \
                 apostrophe before it; `POST /leads/batch` takes the cells with `format` `csv` and changes nothing.",
            )
            .query::<Export>()
            .writes("The leads", &["text/csv", "application/x-ndjson"], text)
            .sends("Link")
            .sends("Content-Disposition"),
    ]
}

fn statuses() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, STATUSES, summary);
    vec![
        operation("GET /leads/statuses", "listStatuses", "List statuses")
            .about("In their order, with every colour that one may have.")
            .answers::<Statuses>(
                200,
                "Lead statuses retrieved successfully",
                json!({ "statuses": [status("New", "blue")], "colors": ["blue"] }),
            ),
        operation("POST /leads/status", "createStatus", "Create a status")
            .about("After the last. A team has at most 12.")
            .owners_alone()
            .body::<StatusInput>("NewStatus")
            .answers::<StatusResponse>(201, "Lead status created successfully", status("New", "blue"))
            .refuses(400, "Lead status already exists")
            .refuses(400, "Too many lead statuses"),
        operation("PUT /leads/status/{id}", "updateStatus", "Rename or recolour a status")
            .owners_alone()
            .body::<StatusUpdate>("StatusUpdate")
            .answers::<StatusResponse>(200, "Lead status updated successfully", status("Updated Status", "green"))
            .refuses(400, "Lead status not found")
            .refuses(400, "Lead status already exists"),
        operation("DELETE /leads/status/{id}", "deleteStatus", "Delete a status")
            .about("Not while a lead has it, archived or not, and not the last one.")
            .owners_alone()
            .confirms("Lead status deleted successfully", "The lead status has been deleted successfully.")
            .refuses(400, "Cannot delete status"),
        operation("PUT /leads/statuses/order", "reorderStatuses", "Reorder statuses")
            .about("Moves those named to their places; the others keep their order around them.")
            .owners_alone()
            .body::<StatusOrder>("StatusOrder")
            .answers::<Vec<StatusResponse>>(
                200,
                "Lead statuses order updated successfully",
                json!([status("New", "blue")]),
            )
            .refuses(400, "Lead status not found"),
    ]
}

fn businesses() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, BUSINESSES, summary);
    let business = || json!({ "id": 1, "name": "Business Name" });
    vec![
        operation("GET /businesses", "listBusinesses", "List businesses").answers::<Businesses>(
            200,
            "Businesses retrieved successfully",
            json!({ "count": 1, "businesses": [business()] }),
        ),
        operation("POST /businesses", "createBusiness", "Create a business")
            .about("A team has at most 500.")
            .owners_alone()
            .body::<BusinessInput>("BusinessInput")
            .answers::<Business>(201, "Business created successfully", business())
            .refuses(400, "Business already exists")
            .refuses(400, "Too many businesses"),
        operation("PUT /businesses/{id}", "renameBusiness", "Rename a business")
            .owners_alone()
            .body::<BusinessInput>("BusinessInput")
            .answers::<Business>(200, "Business renamed successfully", business())
            .refuses(400, "Business already exists")
            .refuses(404, "Business not found"),
        operation("DELETE /businesses/{id}", "deleteBusiness", "Delete a business")
            .about("Not while a lead belongs to it.")
            .owners_alone()
            .confirms("Business deleted successfully", "The business has been deleted successfully.")
            .refuses(400, "Cannot delete business")
            .refuses(404, "Business not found"),
    ]
}

fn activity() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, ACTIVITY, summary);
    let of_lead = |operation: Operation| operation.refuses(400, "Invalid lead ID").refuses(404, "Lead not found");
    let of_comment = |operation: Operation| operation.refuses(404, "Comment not found");
    vec![
        of_lead(operation("GET /leads/logs/{id}", "listLeadLogs", "List the log of a lead"))
            .about("The newest first. `count` is of all entries.")
            .query::<Page>()
            .answers::<LogPage>(200, "Logs retrieved successfully", json!({ "count": 1, "logs": [log()] })),
        of_lead(operation("GET /leads/logs-and-comments/{id}", "listLeadTimeline", "List the timeline of a lead"))
            .about("Its log and the comments on it, the newest first.")
            .query::<Page>()
            .answers::<TimelinePage>(
                200,
                "Logs and comments retrieved successfully",
                json!({ "logsCount": 1, "commentsCount": 1, "logsAndComments": [entry(), logged()] }),
            ),
        of_lead(operation("POST /leads/comments/{id}", "addComment", "Comment on a lead"))
            .body::<CommentInput>("CommentInput")
            .answers::<CommentResponse>(201, "Comment added successfully", comment("This is a comment.")),
        of_comment(operation("PUT /leads/comments/{id}", "editComment", "Edit a comment"))
            .about("One's own; an Owner anyone's.")
            .body::<CommentInput>("CommentInput")
            .answers::<CommentResponse>(200, "Comment edited successfully", comment("This is an edited comment."))
            .refuses(400, "Invalid comment ID"),
        of_comment(operation("DELETE /leads/comments/{id}", "deleteComment", "Delete a comment"))
            .about("One's own; an Owner anyone's.")
            .confirms("Comment deleted successfully", "The comment has been deleted successfully."),
    ]
}

fn photos() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, PHOTOS, summary);
    vec![
        operation("POST /leads/upload-photo", "uploadPhoto", "Upload a photo")
            .senders_too()
            .about(
                "With `id` it becomes the lead's photo. Without, a lead can be given the file name that is answered \
                 within 24 hours. Keys that send may not name one.",
            )
            .body::<JsonUpload>("PhotoUpload")
            .example(json!({ "id": 1, "photo": PIXEL }))
            .body_of("multipart/form-data", "PhotoForm", form_schema())
            .answers::<String>(200, "Photo uploaded successfully", json!("formatted_file_name.jpg"))
            .refuses(404, "Lead not found"),
        operation("DELETE /leads/delete-photo/{fileName}", "deletePhoto", "Delete a photo")
            .about("From its lead, or from those that wait for one.")
            .confirms("Photo deleted successfully", "The photo has been deleted successfully.")
            .refuses(404, "Lead not found"),
    ]
}

fn dashboard() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, DASHBOARD, summary);
    let mut totals = figure("Total", "slategray");
    totals["statuses"] = json!([figure("New", "blue")]);
    vec![
        operation("GET /leads/leads-volume", "getLeadsVolume", "Count leads by day and business")
            .about("Without days: the last 30. At most 5 years and a day, and 200,000 figures.")
            .query::<Dates>()
            .answers::<Volume>(
                200,
                "Leads volume retrieved successfully",
                json!({
                    "labels": ["2023-01-01", "2023-01-02"],
                    "data": { "Business Name": { "2023-01-01": 10, "2023-01-02": 0 } },
                    "unassigned": { "2023-01-01": 90, "2023-01-02": 0 },
                    "totalLeadsAmount": 100,
                    "percentageChange": 10.0,
                }),
            ),
        operation("GET /leads/total-leads", "getTotalLeads", "Count leads by status")
            .about("Those created in the period, in all and by the status that they have now.")
            .query::<Total>()
            .answers::<Totals>(200, "Total leads counted successfully", totals),
        operation("GET /leads/recent-leads", "listRecentLeads", "List the newest leads of a period")
            .query::<Recent>()
            .answers::<Vec<LeadSummaryResponse>>(200, "Recent leads found successfully", json!([summary()])),
    ]
}

fn keys() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, KEYS, summary).owners_alone();
    let key = || {
        json!({
            "id": 1,
            "name": "Web site",
            "role": "Sender",
            "hint": "x7Qk",
            "createdBy": user(),
            "createdAt": "2023-01-01T00:00:00.000Z",
            "expiresAt": null,
            "lastUsedOn": "2023-01-02",
        })
    };
    let mut created = key();
    created["lastUsedOn"] = Value::Null;
    created["secret"] = json!("lk_demo.1.Nf2Y0bTqk9yQmZ5nJ8cVwR3sLd6hGxT1uPaEoKiMx7Q");
    vec![
        operation("GET /keys", "listApiKeys", "List API keys")
            .about("The newest first, without their secrets.")
            .answers::<ApiKeys>(200, "API keys retrieved successfully", json!({ "count": 1, "keys": [key()] })),
        operation("POST /keys", "createApiKey", "Create an API key")
            .about(
                "A team has at most 50. The secret is sent in place of a token: `Authorization: Bearer lk_...`. It is \
                 shown this once; a repeated request is answered without it.",
            )
            .body::<ApiKeyInput>("NewApiKey")
            .answers::<CreatedApiKey>(201, "API key created successfully", created)
            .refuses(400, "Too many API keys"),
        operation("DELETE /keys/{id}", "revokeApiKey", "Revoke an API key")
            .about("It is refused within a minute, for which the gateway keeps the authorizer's answer.")
            .confirms("API key revoked successfully", "Nobody can call with it any more.")
            .refuses(404, "API key not found"),
    ]
}

fn forms() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, FORMS, summary);
    let form = || {
        json!({
            "id": 1,
            "key": "lf_demo.1.AQIDBAUGBwgJCgsMDQ4PEA",
            "name": "Contact",
            "statusId": 1,
            "business": [{ "id": 1, "name": "Business Name" }],
            "source": "Web site",
            "allowedOrigins": ["https://www.example.com"],
            "redirectUrl": "https://www.example.com/thanks",
            "active": true,
            "submissions": 0,
            "spam": 0,
            "lastSubmittedAt": null,
            "ignored": ["submit"],
            "createdBy": user(),
            "createdAt": "2023-01-01T00:00:00.000Z",
        })
    };
    let submission = describe::body::<Submission>();
    vec![
        operation("GET /forms", "listForms", "List forms").about("The newest first.").owners_alone().answers::<Forms>(
            200,
            "Forms retrieved successfully",
            json!({ "count": 1, "forms": [form()] }),
        ),
        operation("POST /forms", "createForm", "Create a form")
            .about("A team has at most 50.")
            .owners_alone()
            .body::<FormInput>("FormInput")
            .answers::<FormResponse>(201, "Form created successfully", form())
            .refuses(400, "Too many forms"),
        operation("PUT /forms/{id}", "updateForm", "Change a form")
            .about("What is not there stays as it is.")
            .owners_alone()
            .body::<FormInput>("FormInput")
            .answers::<FormResponse>(200, "Form updated successfully", form())
            .refuses(404, "Form not found"),
        operation("DELETE /forms/{id}", "deleteForm", "Delete a form")
            .about("The leads that came through it stay.")
            .owners_alone()
            .confirms("Form deleted successfully", "Nobody can post it any more.")
            .refuses(404, "Form not found"),
        operation("POST /forms/{key}/leads", "submitForm", "Post a form")
            .about(
                "For visitors, without a token. A lead that has the address is filled where it is empty and never \
                 overwritten, and the answer does not tell; an archived one is restored. Every `utm_*` parameter and the \
                 click ids (`gclid`, `gbraid`, `wbraid`, `dclid`, `fbclid`, `msclkid`, `ttclid`, `twclid`, `li_fat_id`) are \
                 kept as the lead's `attribution`, 20 at most, cut to 500 characters. Other fields are ignored. A caller that \
                 accepts `text/html` is answered with a page. At most 60 posts a minute, 10 of them from one address (of \
                 IPv6, one /64).",
            )
            .public()
            .body::<Submission>("Submission")
            .body_of("application/x-www-form-urlencoded", "SubmissionForm", submission.clone())
            .body_of("multipart/form-data", "SubmissionForm", submission)
            .answers::<Thanks>(201, "Whatever became of it", json!({ "message": "Thank you" }))
            .answers_pages()
            .refuses(403, "Origin not allowed")
            .refuses(404, "Form not found")
            .refuses(429, "Too Many Requests"),
    ]
}

/// An event, as feed and webhooks tell it.
pub(crate) fn event() -> Value {
    json!({
        "id": "evt_demo_1",
        "type": "lead.created",
        "createdAt": "2023-01-01T00:00:00.000Z",
        "actor": { "user": user() },
        "leadId": 1,
        "lead": lead(),
        "changes": { "firstName": { "previous": null, "current": "John" } },
    })
}

fn webhooks() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, WEBHOOKS, summary).owners_alone();
    let webhook = || {
        json!({
            "id": 1,
            "url": "https://example.com/hooks/leads",
            "types": ["lead.created", "lead.status_changed"],
            "description": "The warehouse",
            "active": true,
            "failingSince": null,
            "slowUntil": null,
            "createdBy": user(),
            "createdAt": "2023-01-01T00:00:00.000Z",
        })
    };
    let secret = "whsec_CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
    let mut created = webhook();
    created["secret"] = json!(secret);
    let delivery = json!({
        "event": { "id": "evt_demo_1", "type": "lead.created", "createdAt": "2023-01-01T00:00:00.000Z" },
        "state": "Delivered",
        "attempts": [{ "at": "2023-01-01T00:00:00.500Z", "status": 204, "duration": 42, "response": "" }],
        "nextAttemptAt": null,
    });
    let events = json!({ "events": [event()], "nextCursor": "6YpIvTnd3cwwMDAwMDAwMDAwMDAwLTAwMDAwMDAwMDAwMDAwMDI", "hasMore": false });
    let on_its_way = |id: &str| json!({ "count": 1, "at": "2023-01-01T00:00:00.000Z", "id": id });
    vec![
        Operation::new("GET /events", "listEvents", WEBHOOKS, "Read what changed")
            .about(
                "The events of the last 30 days in the order in which they became known, each exactly once for a reader who goes \
                 on with `nextCursor`. It is always there, and at the end stays valid for what is to come. An answer may hold \
                 fewer than `limit`, even none, and more follow.",
            )
            .query::<Events>()
            .answers::<EventPage>(200, "Events retrieved successfully", events),
        operation("GET /webhooks", "listWebhooks", "List webhooks").about("The newest first.").answers::<Webhooks>(
            200,
            "Webhooks retrieved successfully",
            json!({ "count": 1, "webhooks": [webhook()] }),
        ),
        operation("POST /webhooks", "createWebhook", "Create a webhook")
            .about("A team has at most 20. The secret is shown this once; a repeated request is answered without it.")
            .body::<WebhookInput>("WebhookInput")
            .answers::<CreatedWebhook>(201, "Webhook created successfully", created)
            .refuses(400, "Too many webhooks"),
        operation("GET /webhooks/{id}", "getWebhook", "Read a webhook")
            .answers::<WebhookResponse>(200, "Webhook retrieved successfully", webhook())
            .refuses(404, "Webhook not found"),
        operation("PUT /webhooks/{id}", "updateWebhook", "Change a webhook")
            .about("What is not there stays as it is, but for the URL. One that is switched on is as good as new.")
            .body::<WebhookInput>("WebhookInput")
            .answers::<WebhookResponse>(200, "Webhook updated successfully", webhook())
            .refuses(404, "Webhook not found"),
        operation("DELETE /webhooks/{id}", "deleteWebhook", "Delete a webhook")
            .confirms("Webhook deleted successfully", "It is told nothing more.")
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/secret", "rotateWebhookSecret", "Give a webhook another secret")
            .about(
                "Both sign for 24 hours. The new one is shown this once; a repeated request with the same `Idempotency-Key` is \
                 answered without it.",
            )
            .answers::<WebhookSecret>(201, "Secret created successfully", json!({ "secret": secret }))
            .refuses(400, "Invalid request")
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/test", "testWebhook", "Try a webhook")
            .about("Sends a `ping`; what became of it is among the deliveries.")
            .answers::<OnItsWay>(202, "A ping is on its way", on_its_way("ping_demo_1"))
            .refuses(400, "Invalid request")
            .refuses(400, "Webhook is switched off")
            .refuses(404, "Webhook not found"),
        operation("GET /webhooks/{id}/deliveries", "listDeliveries", "List what a webhook was told")
            .about("Of the last 30 days, with each attempt.")
            .query::<Page>()
            .answers::<DeliveryPage>(200, "Deliveries retrieved successfully", json!({ "deliveries": [delivery] }))
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/deliveries/{eventId}", "sendAgain", "Send an event again")
            .about("Whatever became of it before, while the event is kept.")
            .answers::<OnItsWay>(202, "The event is on its way", on_its_way("evt_demo_1"))
            .refuses(400, "Invalid request")
            .refuses(400, "Webhook is switched off")
            .refuses(404, "Webhook not found")
            .refuses(404, "Event not found"),
        operation("POST /webhooks/{id}/replay", "replayWebhook", "Send again all that failed")
            .about("At most 1,000 at once: where there are more, `nextSince` is where to go on.")
            .body::<ReplayInput>("ReplayInput")
            .answers::<OnItsWay>(202, "The events are on their way", json!({ "count": 2, "at": "2023-01-01T00:00:00.000Z" }))
            .refuses(400, "Webhook is switched off")
            .refuses(404, "Webhook not found"),
    ]
}

fn pages() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, PAGES, summary);
    let text = |_: &mut SchemaGenerator| json_schema!({ "type": "string" });
    let object = |_: &mut SchemaGenerator| json_schema!({ "type": "object" });
    vec![
        operation("GET /", "getIndex", "The console").serves("A page", &["text/html"], text),
        operation("GET /docs", "getReference", "This reference").serves("A page", &["text/html"], text),
        operation("GET /openapi.json", "getContract", "This contract").serves(
            "An OpenAPI 3.1 document",
            &["application/json"],
            object,
        ),
        operation("GET /assets/{version}/{file}", "getAsset", "A script or the styles of a page")
            .about("For good under the current version, to be revalidated under any other.")
            .serves("A file", &["text/css", "text/javascript"], text)
            .refuses(404, "File not found"),
    ]
}
