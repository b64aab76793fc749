//! Describes every route of the API, in the order of the API reference.

use activity::{CommentResponse, LogPage, TimelinePage};
use businesses::Businesses;
use capture::Thanks;
use dashboard::{PeriodParams, RecentParams, TotalParams, Totals, Volume};
use forms::{FormResponse, Forms};
use keys::{ApiKeys, CreatedApiKey};
use leads::{ChangedLead, ExportParams, LeadPage, ListParams, SearchParams};
use local::examples::PIXEL;
use photos::{JsonUpload, form_schema};
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Value, json};
use shared::api::{
    BatchResponse, LeadIds, LeadMerge, LeadResponse, LeadSummaryResponse, LeadUpdate, Page, StatusChange,
};
use shared::domain::{
    ApiKeyInput, Business, BusinessInput, CommentInput, FormInput, LeadBatch, NewLead, ReplayInput, StatusInput,
    StatusOrder, StatusUpdate, Submission, WebhookInput,
};
use statuses::{StatusResponse, Statuses};
use webhooks::{
    CreatedWebhook, DeliveryPage, EventPage, EventsParams, QueuedDeliveries, WebhookResponse, WebhookSecret, Webhooks,
};

use crate::describe;
use crate::operation::Operation;

// Names of the OpenAPI tags, which group the operations in the API reference.
const LEADS: &str = "Leads";
const STATUSES: &str = "Statuses";
const BUSINESSES: &str = "Businesses";
const ACTIVITY: &str = "Activity";
const PHOTOS: &str = "Photos";
const DASHBOARD: &str = "Dashboard";
const API_KEYS: &str = "API keys";
const FORMS: &str = "Forms";
pub(crate) const WEBHOOKS: &str = "Events and webhooks";
const PAGES: &str = "Pages";

/// The OpenAPI tags, each with name and description.
pub(crate) const TAGS: [(&str, &str); 10] = [
    (LEADS, "Create, find, change and delete leads."),
    (STATUSES, "The statuses that the team's leads go through."),
    (BUSINESSES, "The businesses that the team's leads belong to."),
    (ACTIVITY, "The log of a lead, and the comments on it."),
    (PHOTOS, "Photos of leads."),
    (DASHBOARD, "Counts of the leads that were created in a period."),
    (API_KEYS, "Keys that machines send in place of a token."),
    (FORMS, "Forms through which visitors of a web page become leads."),
    (WEBHOOKS, "Events, as a feed to read and as webhooks."),
    (PAGES, "Public files: this contract, the reference and the console."),
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

/// Returns all operations of the API, in the order of the API reference.
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
            .about("Pages of leads, newest first unless `sort` says otherwise. `count` is the exact number of all leads that match.")
            .query::<ListParams>()
            .answers::<LeadPage>(200, "Leads retrieved successfully", json!({ "count": 1, "leads": [summary()] })),
        operation("GET /leads/search", "searchLeads", "Search leads")
            .about("Every word must match the beginning of a word of the lead. Archived leads are left out.")
            .query::<SearchParams>()
            .answers::<Vec<LeadSummaryResponse>>(200, "Leads retrieved successfully", json!([summary()]))
            .sends("Search-Complete"),
        answers_lead(
            operation("POST /leads", "createLead", "Create a lead").allow_senders().body::<NewLead>("NewLead"),
            201,
            "Lead created successfully",
        )
        .refuses(400, "Email already exists")
        .refuses(404, "No lead status found"),
        unknown(answers_lead(
            operation("GET /leads/{id}", "getLead", "Read a lead").header("IfNoneMatch").supports_if_none_match(),
            200,
            "Lead retrieved successfully",
        )),
        unknown(answers_lead(
            operation("PUT /leads/{id}", "updateLead", "Update a lead")
                .about("Every field except `email` and `socialMedia` is required. `null` keeps a field's value.")
                .header("IfMatch")
                .body::<LeadUpdate>("LeadUpdate"),
            200,
            "Lead updated successfully",
        ))
        .refuses(400, "Email already exists")
        .refuses(412, "Precondition failed"),
        unknown(answers_lead(
            operation("PATCH /leads/{id}", "patchLead", "Change some fields of a lead")
                .about("A JSON Merge Patch (RFC 7396): an absent field keeps its value, `null` clears it, an array replaces the old one.")
                .header("IfMatch")
                .body::<LeadMerge>("LeadMerge"),
            200,
            "Lead updated successfully",
        ))
        .refuses(400, "Email already exists")
        .refuses(412, "Precondition failed"),
        unknown(
            operation("DELETE /leads/{id}", "deleteLead", "Delete a lead")
                .about("Deletes the lead permanently, with its comments, log and photo.")
                .header("IfMatch")
                .answers_confirmation("Lead deleted successfully", "The lead has been deleted successfully."),
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
            .about("Hides leads from lists and searches. All or none; repeating the request is harmless.")
            .answers_confirmation("Leads archived successfully", "The leads have been archived successfully."),
        of_ids(operation("PATCH /leads/restore", "restoreLeads", "Restore archived leads"))
            .about("All or none; repeating the request is harmless.")
            .answers_confirmation("Leads restored successfully", "The leads have been restored successfully."),
        operation("PUT /leads/change-status", "changeLeadStatus", "Change the status of leads")
            .about("All or none; repeating the request is harmless.")
            .body::<StatusChange>("StatusChange")
            .answers::<Vec<ChangedLead>>(
                200,
                "Lead statuses updated successfully",
                json!([{ "id": 1, "status": "Updated Status", "statusId": 1 }]),
            )
            .refuses(400, "Invalid status ID")
            .refuses(404, "Lead not found"),
        of_ids(operation("DELETE /leads", "deleteLeads", "Delete leads"))
            .about("Deletes leads permanently, with their comments, logs and photos. All or none.")
            .answers_confirmation("Leads deleted successfully", "The leads have been deleted successfully."),
        operation("POST /leads/batch", "writeLeads", "Create and change many leads")
            .about(
                "Each row is written whole or not at all, and a failed row stops no other; the answer has a result for each. Rows are matched by `email`. A new lead needs an e-mail address or a phone number. Absent fields are empty, `state` is `Active`, and the status is the first in order. A row without an address creates a lead. An existing lead is changed as by PATCH. Where a row has names and ids, the names decide. With an `Idempotency-Key`, a request that was cut short can be sent again and goes on.",
            )
            .allow_senders()
            .body::<LeadBatch>("LeadBatch")
            .has_batch_rows("leads")
            .answers::<BatchResponse>(
                200,
                "A result for each row",
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
                "Every field of each lead, as CSV (RFC 4180) or as one JSON object a line. If more leads follow, `Link` has the URL of the next answer; only the first answer has the header row. A cell that a spreadsheet would run as a formula starts with an apostrophe. `POST /leads/batch` with `format` `csv` takes the cells as they are.",
            )
            .query::<ExportParams>()
            .writes("The leads", &["text/csv", "application/x-ndjson"], text)
            .sends("Link")
            .sends("Content-Disposition"),
    ]
}

fn statuses() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, STATUSES, summary);
    vec![
        operation("GET /leads/statuses", "listStatuses", "List statuses")
            .about("The team's statuses in their order, and every primary colour.")
            .answers::<Statuses>(
                200,
                "Lead statuses retrieved successfully",
                json!({ "statuses": [status("New", "blue")], "colors": ["blue"] }),
            ),
        operation("POST /leads/status", "createStatus", "Create a status")
            .about("Adds a status after the last one. A team has at most 12.")
            .owners_only()
            .body::<StatusInput>("NewStatus")
            .answers::<StatusResponse>(201, "Lead status created successfully", status("New", "blue"))
            .refuses(400, "Lead status already exists")
            .refuses(400, "Too many lead statuses"),
        operation("PUT /leads/status/{id}", "updateStatus", "Rename or recolour a status")
            .owners_only()
            .body::<StatusUpdate>("StatusUpdate")
            .answers::<StatusResponse>(200, "Lead status updated successfully", status("Updated Status", "green"))
            .refuses(400, "Lead status not found")
            .refuses(400, "Lead status already exists"),
        operation("DELETE /leads/status/{id}", "deleteStatus", "Delete a status")
            .about("Refused while a lead has it, archived leads included, and for the team's last status.")
            .owners_only()
            .answers_confirmation("Lead status deleted successfully", "The lead status has been deleted successfully.")
            .refuses(400, "Cannot delete status"),
        operation("PUT /leads/statuses/order", "reorderStatuses", "Reorder statuses")
            .about("Moves the named statuses to their places. The others keep their order around them.")
            .owners_only()
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
            .owners_only()
            .body::<BusinessInput>("BusinessInput")
            .answers::<Business>(201, "Business created successfully", business())
            .refuses(400, "Business already exists")
            .refuses(400, "Too many businesses"),
        operation("PUT /businesses/{id}", "renameBusiness", "Rename a business")
            .owners_only()
            .body::<BusinessInput>("BusinessInput")
            .answers::<Business>(200, "Business renamed successfully", business())
            .refuses(400, "Business already exists")
            .refuses(404, "Business not found"),
        operation("DELETE /businesses/{id}", "deleteBusiness", "Delete a business")
            .about("Refused while a lead belongs to it.")
            .owners_only()
            .answers_confirmation("Business deleted successfully", "The business has been deleted successfully.")
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
            .about("Newest first. `count` is the number of all entries.")
            .query::<Page>()
            .answers::<LogPage>(200, "Logs retrieved successfully", json!({ "count": 1, "logs": [log()] })),
        of_lead(operation("GET /leads/logs-and-comments/{id}", "listLeadTimeline", "List the timeline of a lead"))
            .about("The lead's log entries and comments, newest first.")
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
            .about("The caller's own comment; an Owner may edit or delete anyone's.")
            .body::<CommentInput>("CommentInput")
            .answers::<CommentResponse>(200, "Comment edited successfully", comment("This is an edited comment."))
            .refuses(400, "Invalid comment ID"),
        of_comment(operation("DELETE /leads/comments/{id}", "deleteComment", "Delete a comment"))
            .about("The caller's own comment; an Owner may edit or delete anyone's.")
            .answers_confirmation("Comment deleted successfully", "The comment has been deleted successfully."),
    ]
}

fn photos() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, PHOTOS, summary);
    vec![
        operation("POST /leads/upload-photo", "uploadPhoto", "Upload a photo")
            .allow_senders()
            .about(
                "With `id`, the photo becomes that lead's photo. Without, name the returned file name in a lead's `photo` within 24 hours. Keys with the role `Sender` may not send `id`.",
            )
            .body::<JsonUpload>("PhotoUpload")
            .example(json!({ "id": 1, "photo": PIXEL }))
            .body_of("multipart/form-data", "PhotoForm", form_schema())
            .answers::<String>(200, "Photo uploaded successfully", json!("formatted_file_name.jpg"))
            .refuses(404, "Lead not found"),
        operation("DELETE /leads/delete-photo/{fileName}", "deletePhoto", "Delete a photo")
            .about("Removes the photo from its lead, or an upload that no lead has yet.")
            .answers_confirmation("Photo deleted successfully", "The photo has been deleted successfully.")
            .refuses(404, "Lead not found"),
    ]
}

fn dashboard() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, DASHBOARD, summary);
    let mut totals = figure("Total", "slategray");
    totals["statuses"] = json!([figure("New", "blue")]);
    vec![
        operation("GET /leads/leads-volume", "getLeadsVolume", "Count leads by day and business")
            .about("The last 30 days by default. At most 5 years and a day, and 200,000 figures.")
            .query::<PeriodParams>()
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
            .about("Leads that were created in the period: in total, and by the status that they have now.")
            .query::<TotalParams>()
            .answers::<Totals>(200, "Total leads counted successfully", totals),
        operation("GET /leads/recent-leads", "listRecentLeads", "List the newest leads of a period")
            .query::<RecentParams>()
            .answers::<Vec<LeadSummaryResponse>>(200, "Recent leads found successfully", json!([summary()])),
    ]
}

fn keys() -> Vec<Operation> {
    let operation = |route, id, summary| Operation::new(route, id, API_KEYS, summary).owners_only();
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
                "A team has at most 50. Send the secret in place of a token: `Authorization: Bearer lk_...`. The secret is in this answer only; a repeated request answers `null`.",
            )
            .body::<ApiKeyInput>("NewApiKey")
            .answers::<CreatedApiKey>(201, "API key created successfully", created)
            .refuses(400, "Too many API keys"),
        operation("DELETE /keys/{id}", "revokeApiKey", "Revoke an API key")
            .about("The key may work for one more minute, while the gateway caches the authorizer's decision.")
            .answers_confirmation("API key revoked successfully", "The key is revoked.")
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
        operation("GET /forms", "listForms", "List forms").about("The newest first.").owners_only().answers::<Forms>(
            200,
            "Forms retrieved successfully",
            json!({ "count": 1, "forms": [form()] }),
        ),
        operation("POST /forms", "createForm", "Create a form")
            .about("A team has at most 50.")
            .owners_only()
            .body::<FormInput>("FormInput")
            .answers::<FormResponse>(201, "Form created successfully", form())
            .refuses(400, "Too many forms"),
        operation("PUT /forms/{id}", "updateForm", "Change a form")
            .about("An absent field keeps its value.")
            .owners_only()
            .body::<FormInput>("FormInput")
            .answers::<FormResponse>(200, "Form updated successfully", form())
            .refuses(404, "Form not found"),
        operation("DELETE /forms/{id}", "deleteForm", "Delete a form")
            .about("The leads that it created stay.")
            .owners_only()
            .answers_confirmation("Form deleted successfully", "The form takes no more submissions.")
            .refuses(404, "Form not found"),
        operation("POST /forms/{key}/leads", "submitForm", "Post a form")
            .about(
                "For visitors, without a token. If a lead has the e-mail address already, only its empty fields are filled, and an archived lead is restored; the answer is the same in every case. Every `utm_*` parameter and the click ids (`gclid`, `gbraid`, `wbraid`, `dclid`, `fbclid`, `msclkid`, `ttclid`, `twclid`, `li_fat_id`) are kept as the lead's `attribution`: at most 20, cut to 500 characters. Other fields and query parameters are ignored. A caller that accepts `text/html` gets a page. At most 60 posts a minute for a form, and 10 a minute from one address (for IPv6, from one /64).",
            )
            .public()
            .body::<Submission>("Submission")
            .body_of("application/x-www-form-urlencoded", "SubmissionForm", submission.clone())
            .body_of("multipart/form-data", "SubmissionForm", submission)
            .answers::<Thanks>(201, "Submission accepted", json!({ "message": "Thank you" }))
            .accepts_html_forms()
            .refuses(403, "Origin not allowed")
            .refuses(404, "Form not found")
            .refuses(429, "Too Many Requests"),
    ]
}

/// An example of an event that webhooks and `GET /events` deliver: a lead was created.
pub(crate) fn example_event() -> Value {
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
    let operation = |route, id, summary| Operation::new(route, id, WEBHOOKS, summary).owners_only();
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
    let events = json!({ "events": [example_event()], "nextCursor": "6YpIvTnd3cwwMDAwMDAwMDAwMDAwLTAwMDAwMDAwMDAwMDAwMDI", "hasMore": false });
    let on_its_way = |id: &str| json!({ "count": 1, "at": "2023-01-01T00:00:00.000Z", "id": id });
    vec![
        Operation::new("GET /events", "listEvents", WEBHOOKS, "Read what changed")
            .about(
                "Returns the events of the last 30 days in the order in which they became known. A reader who goes on with `nextCursor` gets each exactly once. `nextCursor` is always present; at the end of the feed it stays valid for later events. An answer may have fewer events than `limit`, even none, although `hasMore` is true.",
            )
            .query::<EventsParams>()
            .answers::<EventPage>(200, "Events retrieved successfully", events),
        operation("GET /webhooks", "listWebhooks", "List webhooks").about("The newest first.").answers::<Webhooks>(
            200,
            "Webhooks retrieved successfully",
            json!({ "count": 1, "webhooks": [webhook()] }),
        ),
        operation("POST /webhooks", "createWebhook", "Create a webhook")
            .about("A team has at most 20. The secret is in this answer only; a repeated request answers `null`.")
            .body::<WebhookInput>("WebhookInput")
            .answers::<CreatedWebhook>(201, "Webhook created successfully", created)
            .refuses(400, "Too many webhooks"),
        operation("GET /webhooks/{id}", "getWebhook", "Read a webhook")
            .answers::<WebhookResponse>(200, "Webhook retrieved successfully", webhook())
            .refuses(404, "Webhook not found"),
        operation("PUT /webhooks/{id}", "updateWebhook", "Change a webhook")
            .about("`url` is required; another absent field keeps its value. Switching a webhook on forgets its failures.")
            .body::<WebhookInput>("WebhookInput")
            .answers::<WebhookResponse>(200, "Webhook updated successfully", webhook())
            .refuses(404, "Webhook not found"),
        operation("DELETE /webhooks/{id}", "deleteWebhook", "Delete a webhook")
            .answers_confirmation("Webhook deleted successfully", "The webhook receives no more events.")
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/secret", "rotateWebhookSecret", "Replace the secret of a webhook")
            .about(
                "Deliveries carry signatures of both secrets for 24 hours. The new secret is in this answer only; a repeated request with the same `Idempotency-Key` answers `null`.",
            )
            .answers::<WebhookSecret>(201, "Secret created successfully", json!({ "secret": secret }))
            .refuses(400, "Invalid request")
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/test", "testWebhook", "Test a webhook")
            .about("Sends a `ping`. Its outcome is among the deliveries.")
            .answers::<QueuedDeliveries>(202, "Ping queued", on_its_way("ping_demo_1"))
            .refuses(400, "Invalid request")
            .refuses(400, "Webhook is switched off")
            .refuses(404, "Webhook not found"),
        operation("GET /webhooks/{id}/deliveries", "listDeliveries", "List the deliveries of a webhook")
            .about("Deliveries of the last 30 days, with each attempt.")
            .query::<Page>()
            .answers::<DeliveryPage>(200, "Deliveries retrieved successfully", json!({ "deliveries": [delivery] }))
            .refuses(404, "Webhook not found"),
        operation("POST /webhooks/{id}/deliveries/{eventId}", "sendAgain", "Send an event again")
            .about("Delivers the event again, whatever its earlier outcome. Events are kept for 30 days.")
            .answers::<QueuedDeliveries>(202, "Delivery queued", on_its_way("evt_demo_1"))
            .refuses(400, "Invalid request")
            .refuses(400, "Webhook is switched off")
            .refuses(404, "Webhook not found")
            .refuses(404, "Event not found"),
        operation("POST /webhooks/{id}/replay", "replayWebhook", "Send failed deliveries again")
            .about("At most 1,000 in a request. If there are more, `nextSince` is the `since` of the next request.")
            .body::<ReplayInput>("ReplayInput")
            .answers::<QueuedDeliveries>(202, "Deliveries queued", json!({ "count": 2, "at": "2023-01-01T00:00:00.000Z" }))
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
        operation("GET /docs/{page}", "getGuide", "A page of the documentation")
            .serves("A page", &["text/html"], text)
            .refuses(404, "File not found"),
        operation("GET /openapi.json", "getContract", "This contract").serves(
            "An OpenAPI 3.1 document",
            &["application/json"],
            object,
        ),
        operation("GET /assets/{version}/{file}", "getAsset", "A script or the styles of a page")
            .about("Under the current version the file may be cached for a year. Under any other version it must be revalidated.")
            .serves("A file", &["text/css", "text/javascript"], text)
            .refuses(404, "File not found"),
    ]
}
