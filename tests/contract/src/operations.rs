//! Describes every route of the API, in the order of the API reference.

use activity::{CommentResponse, LogPage, TimelinePage};
use businesses::Businesses;
use capture::Thanks;
use dashboard::{PeriodParams, RecentLeadsParams, TotalLeadsParams, Totals, Volume};
use forms::{FormResponse, Forms};
use keys::{ApiKeys, CreatedApiKey};
use leads::{ChangedLead, ExportParams, LeadPage, ListParams, SearchParams, ViewResponse, Views};
use local::examples::PIXEL_GIF_BASE64;
use photos::{JsonUpload, multipart_upload_schema};
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Value, json};
use shared::api::{
    BatchResponse, LeadIds, LeadPatchBody, LeadPutBody, LeadResponse, LeadRowBody, LeadSummaryResponse, PageParams,
    StatusChange,
};
use shared::domain::{
    ApiKeyInput, Business, BusinessInput, CommentInput, FormInput, LeadBatch, NewLead, ReplayInput, StatusInput,
    StatusOrder, StatusUpdate, Submission, ViewInput, WebhookInput,
};
use statuses::{StatusResponse, Statuses};
use webhooks::{
    CreatedWebhook, DeliveryPage, EventPage, EventsParams, QueuedDeliveries, WebhookResponse, WebhookSecret, Webhooks,
};

use crate::describe;
use crate::operation::ApiOperation;

// Names of the OpenAPI tags, which group the operations in the API reference.
const LEADS_TAG: &str = "Leads";
const VIEWS_TAG: &str = "Views";
const STATUSES_TAG: &str = "Statuses";
const BUSINESSES_TAG: &str = "Businesses";
const ACTIVITY_TAG: &str = "Activity";
const PHOTOS_TAG: &str = "Photos";
const DASHBOARD_TAG: &str = "Dashboard";
const API_KEYS_TAG: &str = "API keys";
const FORMS_TAG: &str = "Forms";
pub(crate) const WEBHOOKS_TAG: &str = "Events and webhooks";
const PAGES_TAG: &str = "Pages";

/// The OpenAPI tags, each with name and description.
pub(crate) const OPENAPI_TAGS: [(&str, &str); 11] = [
    (LEADS_TAG, "Create, find, change and delete leads."),
    (VIEWS_TAG, "Saved filters of the list of leads, of one user or shared by the team."),
    (STATUSES_TAG, "The statuses that the team's leads go through."),
    (BUSINESSES_TAG, "The businesses that the team's leads belong to."),
    (ACTIVITY_TAG, "The log of a lead, and the comments on it."),
    (PHOTOS_TAG, "Photos of leads."),
    (DASHBOARD_TAG, "Counts of the leads that were created in a period."),
    (API_KEYS_TAG, "Keys that machines send in place of a token."),
    (FORMS_TAG, "Forms through which visitors of a web page become leads."),
    (WEBHOOKS_TAG, "Events, as a feed to read and as webhooks."),
    (PAGES_TAG, "Public files: this contract, the reference and the console."),
];

fn example_lead_summary() -> Value {
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

fn example_lead() -> Value {
    let mut lead = example_lead_summary();
    lead["source"] = json!("Referral");
    lead["description"] = json!("Lead description");
    lead["location"] = json!("New York");
    lead["position"] = json!("Manager");
    lead["externalIds"] = json!({ "hubspot": "512" });
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

fn example_status(name: &str, colour: &str) -> Value {
    json!({
        "id": 1,
        "name": name,
        "primaryColor": colour,
        "secondaryColor": format!("light{colour}"),
        "statusOrder": 1,
    })
}

fn example_user() -> Value {
    json!({ "id": 1, "email": "user@example.com", "firstName": "John", "lastName": "Doe" })
}

fn example_log_entry() -> Value {
    json!({
        "id": 1,
        "action": "CreateLead",
        "entityType": "Lead",
        "entityId": 1,
        "user": example_user(),
        "createdAt": "2023-01-01T00:00:00.000Z",
        "changes": { "firstName": { "previous": null, "current": "John" } },
    })
}

fn example_comment(content: &str) -> Value {
    json!({
        "id": 1,
        "content": content,
        "user": example_user(),
        "createdAt": "2023-01-01T00:00:00.000Z",
        "updatedAt": "2023-01-01T00:00:00.000Z",
    })
}

fn example_timeline_comment() -> Value {
    let mut entry = example_comment("This is a comment.");
    entry["action"] = json!("CreateComment");
    entry["entityType"] = json!("Comment");
    entry["type"] = json!("comment");
    entry
}

fn example_timeline_log_entry() -> Value {
    let mut entry = example_log_entry();
    entry["type"] = json!("log");
    entry
}

fn example_dashboard_count(name: &str, colour: &str) -> Value {
    json!({
        "name": name,
        "current": 10,
        "previous": 8,
        "percentageChange": 25.0,
        "color": colour,
        "backgroundColor": format!("light{colour}"),
    })
}

fn answers_lead(operation: ApiOperation, status: u16, wording: &'static str) -> ApiOperation {
    operation.succeeds_with_json::<LeadResponse>(status, wording, example_lead()).with_response_header("ETag")
}

/// Returns all operations of the API, in the order of the API reference.
pub(crate) fn all_operations() -> Vec<ApiOperation> {
    [
        lead_operations(),
        bulk_lead_operations(),
        view_operations(),
        status_operations(),
        business_operations(),
        activity_operations(),
        photo_operations(),
        dashboard_operations(),
        api_key_operations(),
        form_operations(),
        webhook_operations(),
        public_file_operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn lead_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, LEADS_TAG, summary);
    let unknown = |operation: ApiOperation| operation.answers_error(404, "Lead not found");
    vec![
        operation("GET /leads", "listLeads", "List leads")
            .with_description("Pages of leads, newest first unless `sort` says otherwise. `count` is the exact number of all leads that match.")
            .with_query_params::<ListParams>()
            .answers_error(404, "View not found")
            .succeeds_with_json::<LeadPage>(200, "Leads retrieved successfully", json!({ "count": 1, "leads": [example_lead_summary()] })),
        operation("GET /leads/search", "searchLeads", "Search leads")
            .with_description("Every word must match the beginning of a word of the lead. The best match comes first, unless `sort` says otherwise. With filters, at most 100 leads that match the words are read; `Search-Complete: false` says that there may be more.")
            .with_query_params::<SearchParams>()
            .answers_error(404, "View not found")
            .succeeds_with_json::<Vec<LeadSummaryResponse>>(200, "Leads retrieved successfully", json!([example_lead_summary()]))
            .with_response_header("Search-Complete"),
        answers_lead(
            operation("POST /leads", "createLead", "Create a lead").allow_senders().with_json_body::<NewLead>("NewLead"),
            201,
            "Lead created successfully",
        )
        .answers_error(400, "Email already exists")
        .answers_error(400, "External id already exists")
        .answers_error(404, "No lead status found"),
        unknown(answers_lead(
            operation("GET /leads/{id}", "getLead", "Read a lead").with_request_header("IfNoneMatch").supports_if_none_match(),
            200,
            "Lead retrieved successfully",
        )),
        unknown(answers_lead(
            operation("PUT /leads/{id}", "updateLead", "Update a lead")
                .with_description("Every field except `email` and `socialMedia` is required. `null` keeps a field's value.")
                .with_request_header("IfMatch")
                .with_json_body::<LeadPutBody>("LeadUpdate"),
            200,
            "Lead updated successfully",
        ))
        .answers_error(400, "Email already exists")
        .answers_error(400, "External id already exists")
        .answers_error(412, "Precondition failed"),
        unknown(answers_lead(
            operation("PATCH /leads/{id}", "patchLead", "Change some fields of a lead")
                .with_description("A JSON Merge Patch (RFC 7396): an absent field keeps its value, `null` clears it, an array replaces the old one.")
                .with_request_header("IfMatch")
                .with_json_body::<LeadPatchBody>("LeadMerge"),
            200,
            "Lead updated successfully",
        ))
        .answers_error(400, "Email already exists")
        .answers_error(400, "External id already exists")
        .answers_error(412, "Precondition failed"),
        unknown(answers_lead(
            operation("GET /leads/by/{system}/{id}", "getLeadByKey", "Read a lead by the id of another system, or by e-mail address")
                .with_description("`/leads/by/hubspot/512` finds the lead that has `\"externalIds\": {\"hubspot\": \"512\"}`, `/leads/by/email/ada@example.com` the lead with this address. Archived leads are found too.")
                .with_request_header("IfNoneMatch")
                .supports_if_none_match(),
            200,
            "Lead retrieved successfully",
        ))
        .with_response_header("Content-Location"),
        answers_lead(
            operation("PATCH /leads/by/{system}/{id}", "upsertLead", "Create or update a lead by the id of another system")
                .with_description("Changes the lead that has the external id, as `PATCH /leads/{id}` does. If there is none, the lead with the body's `email` gets the external id. If there is none either, a lead is created; a new lead needs an e-mail address or a phone number. If the two name different leads, or the lead with the address has another id in the system, the answer is 409 and nothing is written.")
                .with_request_header("IfMatch")
                .with_json_body::<LeadRowBody>("LeadUpsert"),
            200,
            "Lead updated, linked, or unchanged",
        )
        .also_succeeds(201, "Lead created successfully")
        .with_response_header("Content-Location")
        .with_response_header("Leads-Result")
        .answers_error(400, "Email already exists")
        .answers_error(400, "External id already exists")
        .answers_error(409, "External id and e-mail address do not match")
        .answers_error(412, "Precondition failed"),
        unknown(
            operation("DELETE /leads/{id}", "deleteLead", "Delete a lead")
                .with_description("Deletes the lead permanently, with its comments, log and photo.")
                .with_request_header("IfMatch")
                .answers_confirmation("Lead deleted successfully", "The lead has been deleted successfully."),
        )
        .answers_error(412, "Precondition failed"),
    ]
}

fn bulk_lead_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, LEADS_TAG, summary);
    let text = |_: &mut SchemaGenerator| json_schema!({ "type": "string" });
    let row = |index: usize, result: &str| json!({ "index": index, "id": 60 + index, "result": result });
    let of_ids = |operation: ApiOperation| {
        operation.with_json_body::<LeadIds>("LeadIds").answers_error(400, "One or more leads not found")
    };
    vec![
        of_ids(operation("PATCH /leads/archive", "archiveLeads", "Archive leads"))
            .with_description("Hides leads from lists and searches. All or none; repeating the request is harmless.")
            .answers_confirmation("Leads archived successfully", "The leads have been archived successfully."),
        of_ids(operation("PATCH /leads/restore", "restoreLeads", "Restore archived leads"))
            .with_description("All or none; repeating the request is harmless.")
            .answers_confirmation("Leads restored successfully", "The leads have been restored successfully."),
        operation("PUT /leads/change-status", "changeLeadStatus", "Change the status of leads")
            .with_description("All or none; repeating the request is harmless.")
            .with_json_body::<StatusChange>("StatusChange")
            .succeeds_with_json::<Vec<ChangedLead>>(
                200,
                "Lead statuses updated successfully",
                json!([{ "id": 1, "status": "Updated Status", "statusId": 1 }]),
            )
            .answers_error(400, "Invalid status ID")
            .answers_error(404, "Lead not found"),
        of_ids(operation("DELETE /leads", "deleteLeads", "Delete leads"))
            .with_description("Deletes leads permanently, with their comments, logs and photos. All or none.")
            .answers_confirmation("Leads deleted successfully", "The leads have been deleted successfully."),
        operation("POST /leads/batch", "writeLeads", "Create and change many leads")
            .with_description(
                "Each row is written whole or not at all, and a failed row stops no other; the answer has a result for each. Rows are matched by `email`. A new lead needs an e-mail address or a phone number. Absent fields are empty, `state` is `Active`, and the status is the first in order. A row without an address creates a lead. An existing lead is changed as by PATCH. Where a row has names and ids, the names decide. With an `Idempotency-Key`, a request that was cut short can be sent again and goes on.",
            )
            .allow_senders()
            .with_json_body::<LeadBatch>("LeadBatch")
            .has_batch_rows("leads")
            .succeeds_with_json::<BatchResponse>(
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
            .with_description(
                "Every field of each lead, as CSV (RFC 4180) or as one JSON object a line. If more leads follow, `Link` has the URL of the next answer; only the first answer has the header row. A cell that a spreadsheet would run as a formula starts with an apostrophe. `POST /leads/batch` with `format` `csv` takes the cells as they are.",
            )
            .with_query_params::<ExportParams>()
            .answers_error(404, "View not found")
            .answers_file("The leads", &["text/csv", "application/x-ndjson"], text)
            .with_response_header("Link")
            .with_response_header("Content-Disposition"),
    ]
}

fn view_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, VIEWS_TAG, summary);
    let view = || {
        json!({
            "id": 1,
            "name": "Open",
            "query": { "status": "1,2" },
            "layout": "table",
            "columns": ["company", "status"],
            "shared": false,
            "createdBy": example_user(),
            "createdAt": "2023-01-01T00:00:00.000Z",
        })
    };
    vec![
        operation("GET /views", "listViews", "List views")
            .with_description("The caller's own views, then the team's shared views, each the newest first.")
            .succeeds_with_json::<Views>(200, "Views retrieved successfully", json!({ "count": 1, "views": [view()] })),
        operation("POST /views", "createView", "Save a view")
            .with_description(
                "`query` holds query parameters of `GET /leads`, each a string or a list of strings. A user has at most 50 views, Viewers too, and a team at most 50 shared ones. Only Owners share.",
            )
            .with_json_body::<ViewInput>("ViewInput")
            .succeeds_with_json::<ViewResponse>(201, "View created successfully", view())
            .answers_error(400, "Too many views"),
        operation("PUT /views/{id}", "updateView", "Change a view")
            .with_description("Replaces the view. Only Owners change shared views. A view that is no longer shared belongs to the caller.")
            .with_json_body::<ViewInput>("ViewInput")
            .succeeds_with_json::<ViewResponse>(200, "View updated successfully", view())
            .answers_error(400, "Too many views")
            .answers_error(404, "View not found"),
        operation("DELETE /views/{id}", "deleteView", "Delete a view")
            .with_description("Only Owners delete shared views.")
            .answers_confirmation("View deleted successfully", "The leads stay as they are.")
            .answers_error(404, "View not found"),
    ]
}

fn status_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, STATUSES_TAG, summary);
    vec![
        operation("GET /leads/statuses", "listStatuses", "List statuses")
            .with_description("The team's statuses in their order, and every primary colour.")
            .succeeds_with_json::<Statuses>(
                200,
                "Lead statuses retrieved successfully",
                json!({ "statuses": [example_status("New", "blue")], "colors": ["blue"] }),
            ),
        operation("POST /leads/status", "createStatus", "Create a status")
            .with_description("Adds a status after the last one. A team has at most 12.")
            .allow_owners_only()
            .with_json_body::<StatusInput>("NewStatus")
            .succeeds_with_json::<StatusResponse>(
                201,
                "Lead status created successfully",
                example_status("New", "blue"),
            )
            .answers_error(400, "Lead status already exists")
            .answers_error(400, "Too many lead statuses"),
        operation("PUT /leads/status/{id}", "updateStatus", "Rename or recolour a status")
            .allow_owners_only()
            .with_json_body::<StatusUpdate>("StatusUpdate")
            .succeeds_with_json::<StatusResponse>(
                200,
                "Lead status updated successfully",
                example_status("Updated Status", "green"),
            )
            .answers_error(400, "Lead status not found")
            .answers_error(400, "Lead status already exists"),
        operation("DELETE /leads/status/{id}", "deleteStatus", "Delete a status")
            .with_description("Refused while a lead has it, archived leads included, and for the team's last status.")
            .allow_owners_only()
            .answers_confirmation("Lead status deleted successfully", "The lead status has been deleted successfully.")
            .answers_error(400, "Cannot delete status"),
        operation("PUT /leads/statuses/order", "reorderStatuses", "Reorder statuses")
            .with_description("Moves the named statuses to their places. The others keep their order around them.")
            .allow_owners_only()
            .with_json_body::<StatusOrder>("StatusOrder")
            .succeeds_with_json::<Vec<StatusResponse>>(
                200,
                "Lead statuses order updated successfully",
                json!([example_status("New", "blue")]),
            )
            .answers_error(400, "Lead status not found"),
    ]
}

fn business_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, BUSINESSES_TAG, summary);
    let business = || json!({ "id": 1, "name": "Business Name" });
    vec![
        operation("GET /businesses", "listBusinesses", "List businesses").succeeds_with_json::<Businesses>(
            200,
            "Businesses retrieved successfully",
            json!({ "count": 1, "businesses": [business()] }),
        ),
        operation("POST /businesses", "createBusiness", "Create a business")
            .with_description("A team has at most 500.")
            .allow_owners_only()
            .with_json_body::<BusinessInput>("BusinessInput")
            .succeeds_with_json::<Business>(201, "Business created successfully", business())
            .answers_error(400, "Business already exists")
            .answers_error(400, "Too many businesses"),
        operation("PUT /businesses/{id}", "renameBusiness", "Rename a business")
            .allow_owners_only()
            .with_json_body::<BusinessInput>("BusinessInput")
            .succeeds_with_json::<Business>(200, "Business renamed successfully", business())
            .answers_error(400, "Business already exists")
            .answers_error(404, "Business not found"),
        operation("DELETE /businesses/{id}", "deleteBusiness", "Delete a business")
            .with_description("Refused while a lead belongs to it.")
            .allow_owners_only()
            .answers_confirmation("Business deleted successfully", "The business has been deleted successfully.")
            .answers_error(400, "Cannot delete business")
            .answers_error(404, "Business not found"),
    ]
}

fn activity_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, ACTIVITY_TAG, summary);
    let of_lead =
        |operation: ApiOperation| operation.answers_error(400, "Invalid lead ID").answers_error(404, "Lead not found");
    let of_comment = |operation: ApiOperation| operation.answers_error(404, "Comment not found");
    vec![
        of_lead(operation("GET /leads/logs/{id}", "listLeadLogs", "List the log of a lead"))
            .with_description("Newest first. `count` is the number of all entries.")
            .with_query_params::<PageParams>()
            .succeeds_with_json::<LogPage>(200, "Logs retrieved successfully", json!({ "count": 1, "logs": [example_log_entry()] })),
        of_lead(operation("GET /leads/logs-and-comments/{id}", "listLeadTimeline", "List the timeline of a lead"))
            .with_description("The lead's log entries and comments, newest first.")
            .with_query_params::<PageParams>()
            .succeeds_with_json::<TimelinePage>(
                200,
                "Logs and comments retrieved successfully",
                json!({ "logsCount": 1, "commentsCount": 1, "logsAndComments": [example_timeline_comment(), example_timeline_log_entry()] }),
            ),
        of_lead(operation("POST /leads/comments/{id}", "addComment", "Comment on a lead"))
            .with_json_body::<CommentInput>("CommentInput")
            .succeeds_with_json::<CommentResponse>(201, "Comment added successfully", example_comment("This is a comment.")),
        of_comment(operation("PUT /leads/comments/{id}", "editComment", "Edit a comment"))
            .with_description("The caller's own comment; an Owner may edit or delete anyone's.")
            .with_json_body::<CommentInput>("CommentInput")
            .succeeds_with_json::<CommentResponse>(200, "Comment edited successfully", example_comment("This is an edited comment."))
            .answers_error(400, "Invalid comment ID"),
        of_comment(operation("DELETE /leads/comments/{id}", "deleteComment", "Delete a comment"))
            .with_description("The caller's own comment; an Owner may edit or delete anyone's.")
            .answers_confirmation("Comment deleted successfully", "The comment has been deleted successfully."),
    ]
}

fn photo_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, PHOTOS_TAG, summary);
    vec![
        operation("POST /leads/upload-photo", "uploadPhoto", "Upload a photo")
            .allow_senders()
            .with_description(
                "With `id`, the photo becomes that lead's photo. Without, name the returned file name in a lead's `photo` within 24 hours. Keys with the role `Sender` may not send `id`.",
            )
            .with_json_body::<JsonUpload>("PhotoUpload")
            .with_body_example(json!({ "id": 1, "photo": PIXEL_GIF_BASE64 }))
            .accepts_body("multipart/form-data", "PhotoForm", multipart_upload_schema())
            .succeeds_with_json::<String>(200, "Photo uploaded successfully", json!("formatted_file_name.jpg"))
            .answers_error(404, "Lead not found"),
        operation("DELETE /leads/delete-photo/{fileName}", "deletePhoto", "Delete a photo")
            .with_description("Removes the photo from its lead, or an upload that no lead has yet.")
            .answers_confirmation("Photo deleted successfully", "The photo has been deleted successfully.")
            .answers_error(404, "Lead not found"),
    ]
}

fn dashboard_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, DASHBOARD_TAG, summary);
    let mut totals = example_dashboard_count("Total", "slategray");
    totals["statuses"] = json!([example_dashboard_count("New", "blue")]);
    vec![
        operation("GET /leads/leads-volume", "getLeadsVolume", "Count leads by day and business")
            .with_description("The last 30 days by default. At most 5 years and a day, and 200,000 figures.")
            .with_query_params::<PeriodParams>()
            .succeeds_with_json::<Volume>(
                200,
                "Leads volume retrieved successfully",
                json!({
                    "labels": ["2023-01-01", "2023-01-02"],
                    "data": { "Business Name": { "2023-01-01": 10, "2023-01-02": 0 } },
                    "unassigned": { "2023-01-01": 90, "2023-01-02": 0 },
                    "statuses": [{ "id": 1, "name": "New", "data": { "2023-01-01": 100, "2023-01-02": 0 } }],
                    "totalLeadsAmount": 100,
                    "previousLeadsAmount": 80,
                    "percentageChange": 25.0,
                }),
            ),
        operation("GET /leads/total-leads", "getTotalLeads", "Count leads by status")
            .with_description("Leads that were created in the period: in total, and by the status that they have now.")
            .with_query_params::<TotalLeadsParams>()
            .succeeds_with_json::<Totals>(200, "Total leads counted successfully", totals),
        operation("GET /leads/recent-leads", "listRecentLeads", "List the newest leads of a period")
            .with_query_params::<RecentLeadsParams>()
            .succeeds_with_json::<Vec<LeadSummaryResponse>>(
                200,
                "Recent leads found successfully",
                json!([example_lead_summary()]),
            ),
    ]
}

fn api_key_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, API_KEYS_TAG, summary).allow_owners_only();
    let key = || {
        json!({
            "id": 1,
            "name": "Web site",
            "role": "Sender",
            "hint": "x7Qk",
            "createdBy": example_user(),
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
            .with_description("The newest first, without their secrets.")
            .succeeds_with_json::<ApiKeys>(200, "API keys retrieved successfully", json!({ "count": 1, "keys": [key()] })),
        operation("POST /keys", "createApiKey", "Create an API key")
            .with_description(
                "A team has at most 50. Send the secret in place of a token: `Authorization: Bearer lk_...`. The secret is in this answer only; a repeated request answers `null`.",
            )
            .with_json_body::<ApiKeyInput>("NewApiKey")
            .succeeds_with_json::<CreatedApiKey>(201, "API key created successfully", created)
            .answers_error(400, "Too many API keys"),
        operation("DELETE /keys/{id}", "revokeApiKey", "Revoke an API key")
            .with_description("The key may work for one more minute, while the gateway caches the authorizer's decision.")
            .answers_confirmation("API key revoked successfully", "The key is revoked.")
            .answers_error(404, "API key not found"),
    ]
}

fn form_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, FORMS_TAG, summary);
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
            "createdBy": example_user(),
            "createdAt": "2023-01-01T00:00:00.000Z",
        })
    };
    let submission = describe::body_schema::<Submission>();
    vec![
        operation("GET /forms", "listForms", "List forms").with_description("The newest first.").allow_owners_only().succeeds_with_json::<Forms>(
            200,
            "Forms retrieved successfully",
            json!({ "count": 1, "forms": [form()] }),
        ),
        operation("POST /forms", "createForm", "Create a form")
            .with_description("A team has at most 50.")
            .allow_owners_only()
            .with_json_body::<FormInput>("FormInput")
            .succeeds_with_json::<FormResponse>(201, "Form created successfully", form())
            .answers_error(400, "Too many forms"),
        operation("PUT /forms/{id}", "updateForm", "Change a form")
            .with_description("An absent field keeps its value.")
            .allow_owners_only()
            .with_json_body::<FormInput>("FormInput")
            .succeeds_with_json::<FormResponse>(200, "Form updated successfully", form())
            .answers_error(404, "Form not found"),
        operation("DELETE /forms/{id}", "deleteForm", "Delete a form")
            .with_description("The leads that it created stay.")
            .allow_owners_only()
            .answers_confirmation("Form deleted successfully", "The form takes no more submissions.")
            .answers_error(404, "Form not found"),
        operation("POST /forms/{key}/leads", "submitForm", "Post a form")
            .with_description(
                "For visitors, without a token. If a lead has the e-mail address already, only its empty fields are filled, and an archived lead is restored; the answer is the same in every case. Every `utm_*` parameter and the click ids (`gclid`, `gbraid`, `wbraid`, `dclid`, `fbclid`, `msclkid`, `ttclid`, `twclid`, `li_fat_id`) are kept as the lead's `attribution`: at most 20, cut to 500 characters. Other fields and query parameters are ignored. A caller that accepts `text/html` gets a page. At most 60 posts a minute for a form, and 10 a minute from one address (for IPv6, from one /64).",
            )
            .without_authentication()
            .with_json_body::<Submission>("Submission")
            .accepts_body("application/x-www-form-urlencoded", "SubmissionForm", submission.clone())
            .accepts_body("multipart/form-data", "SubmissionForm", submission)
            .succeeds_with_json::<Thanks>(201, "Submission accepted", json!({ "message": "Thank you" }))
            .with_html_form_posts()
            .answers_error(403, "Origin not allowed")
            .answers_error(404, "Form not found")
            .answers_error(429, "Too Many Requests"),
    ]
}

/// An example of an event that webhooks and `GET /events` deliver: a lead was created.
pub(crate) fn example_event() -> Value {
    json!({
        "id": "evt_demo_1",
        "type": "lead.created",
        "createdAt": "2023-01-01T00:00:00.000Z",
        "actor": { "user": example_user() },
        "leadId": 1,
        "lead": example_lead(),
        "changes": { "firstName": { "previous": null, "current": "John" } },
    })
}

fn webhook_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, WEBHOOKS_TAG, summary).allow_owners_only();
    let webhook = || {
        json!({
            "id": 1,
            "url": "https://example.com/hooks/leads",
            "types": ["lead.created", "lead.status_changed"],
            "description": "The warehouse",
            "active": true,
            "failingSince": null,
            "slowUntil": null,
            "createdBy": example_user(),
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
        ApiOperation::new("GET /events", "listEvents", WEBHOOKS_TAG, "Read what changed")
            .with_description(
                "Returns the events of the last 30 days in the order in which they became known. A reader who goes on with `nextCursor` gets each exactly once. `nextCursor` is always present; at the end of the feed it stays valid for later events. An answer may have fewer events than `limit`, even none, although `hasMore` is true.",
            )
            .with_query_params::<EventsParams>()
            .succeeds_with_json::<EventPage>(200, "Events retrieved successfully", events),
        operation("GET /webhooks", "listWebhooks", "List webhooks").with_description("The newest first.").succeeds_with_json::<Webhooks>(
            200,
            "Webhooks retrieved successfully",
            json!({ "count": 1, "webhooks": [webhook()] }),
        ),
        operation("POST /webhooks", "createWebhook", "Create a webhook")
            .with_description("A team has at most 20. The secret is in this answer only; a repeated request answers `null`.")
            .with_json_body::<WebhookInput>("WebhookInput")
            .succeeds_with_json::<CreatedWebhook>(201, "Webhook created successfully", created)
            .answers_error(400, "Too many webhooks"),
        operation("GET /webhooks/{id}", "getWebhook", "Read a webhook")
            .succeeds_with_json::<WebhookResponse>(200, "Webhook retrieved successfully", webhook())
            .answers_error(404, "Webhook not found"),
        operation("PUT /webhooks/{id}", "updateWebhook", "Change a webhook")
            .with_description("`url` is required; another absent field keeps its value. Switching a webhook on forgets its failures.")
            .with_json_body::<WebhookInput>("WebhookInput")
            .succeeds_with_json::<WebhookResponse>(200, "Webhook updated successfully", webhook())
            .answers_error(404, "Webhook not found"),
        operation("DELETE /webhooks/{id}", "deleteWebhook", "Delete a webhook")
            .answers_confirmation("Webhook deleted successfully", "The webhook receives no more events.")
            .answers_error(404, "Webhook not found"),
        operation("POST /webhooks/{id}/secret", "rotateWebhookSecret", "Replace the secret of a webhook")
            .with_description(
                "Deliveries carry signatures of both secrets for 24 hours. The new secret is in this answer only; a repeated request with the same `Idempotency-Key` answers `null`.",
            )
            .succeeds_with_json::<WebhookSecret>(201, "Secret created successfully", json!({ "secret": secret }))
            .answers_error(400, "Invalid request")
            .answers_error(404, "Webhook not found"),
        operation("POST /webhooks/{id}/test", "testWebhook", "Test a webhook")
            .with_description("Sends a `ping`. Its outcome is among the deliveries.")
            .succeeds_with_json::<QueuedDeliveries>(202, "Ping queued", on_its_way("ping_demo_1"))
            .answers_error(400, "Invalid request")
            .answers_error(400, "Webhook is switched off")
            .answers_error(404, "Webhook not found"),
        operation("GET /webhooks/{id}/deliveries", "listDeliveries", "List the deliveries of a webhook")
            .with_description("Deliveries of the last 30 days, with each attempt.")
            .with_query_params::<PageParams>()
            .succeeds_with_json::<DeliveryPage>(200, "Deliveries retrieved successfully", json!({ "deliveries": [delivery] }))
            .answers_error(404, "Webhook not found"),
        operation("POST /webhooks/{id}/deliveries/{eventId}", "sendAgain", "Send an event again")
            .with_description("Delivers the event again, whatever its earlier outcome. Events are kept for 30 days.")
            .succeeds_with_json::<QueuedDeliveries>(202, "Delivery queued", on_its_way("evt_demo_1"))
            .answers_error(400, "Invalid request")
            .answers_error(400, "Webhook is switched off")
            .answers_error(404, "Webhook not found")
            .answers_error(404, "Event not found"),
        operation("POST /webhooks/{id}/replay", "replayWebhook", "Send failed deliveries again")
            .with_description("At most 1,000 in a request. If there are more, `nextSince` is the `since` of the next request.")
            .with_json_body::<ReplayInput>("ReplayInput")
            .succeeds_with_json::<QueuedDeliveries>(202, "Deliveries queued", json!({ "count": 2, "at": "2023-01-01T00:00:00.000Z" }))
            .answers_error(400, "Webhook is switched off")
            .answers_error(404, "Webhook not found"),
    ]
}

fn public_file_operations() -> Vec<ApiOperation> {
    let operation = |route, id, summary| ApiOperation::new(route, id, PAGES_TAG, summary);
    let text = |_: &mut SchemaGenerator| json_schema!({ "type": "string" });
    let object = |_: &mut SchemaGenerator| json_schema!({ "type": "object" });
    vec![
        operation("GET /", "getIndex", "The console").answers_public_file("A page", &["text/html"], text),
        operation("GET /docs", "getReference", "This reference").answers_public_file("A page", &["text/html"], text),
        operation("GET /docs/{page}", "getGuide", "A page of the documentation")
            .answers_public_file("A page", &["text/html"], text)
            .answers_error(404, "File not found"),
        operation("GET /openapi.json", "getContract", "This contract").answers_public_file(
            "An OpenAPI 3.1 document",
            &["application/json"],
            object,
        ),
        operation("GET /assets/{version}/{file}", "getAsset", "A script or the styles of a page")
            .with_description("Under the current version the file may be cached for a year. Under any other version it must be revalidated.")
            .answers_public_file("A file", &["text/css", "text/javascript"], text)
            .answers_error(404, "File not found"),
    ]
}
