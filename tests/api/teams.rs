//! A team's statuses and businesses.

use serde_json::json;

use crate::harness::{example_lead, example_lead_with, put_body_with, with_api};

#[tokio::test]
async fn a_team_starts_with_four_statuses() {
    with_api(async |api| {
        let body = api.caller_with_role("new", "Viewer").get("/leads/statuses").await.expect_status(200);
        let status = |id: u64, name: &str, colour: &str| {
            json!({ "id": id, "name": name, "primaryColor": colour, "secondaryColor": format!("light{colour}"), "statusOrder": id })
        };
        let four = [status(1, "New", "blue"), status(2, "Contacted", "salmon"), status(3, "Qualified", "green"), status(4, "Closed", "gray")];
        assert_eq!(body["statuses"], json!(four));
        let colours = "blue green yellow pink cyan gray coral salmon seagreen skyblue steelblue slategray";
        assert_eq!(body["colors"], json!(colours.split(' ').collect::<Vec<_>>()));
    })
    .await;
}

#[tokio::test]
async fn statuses_are_added_changed_and_deleted() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let created = owner.post("/leads/status", json!({ "name": " Won ", "primaryColor": "seagreen" })).await.expect_status(201);
        let expected = json!({ "id": 5, "name": "Won", "primaryColor": "seagreen", "secondaryColor": "lightseagreen", "statusOrder": 5 });
        assert_eq!(created, expected);
        owner.post("/leads/status", json!({ "name": "wON", "primaryColor": "blue" })).await.expect_error(400, "Lead status already exists");
        owner.post("/leads/status", json!({ "name": "", "primaryColor": "red" })).await.expect_bad_fields(&["name", "primaryColor"]);
        owner.post("/leads/status", json!({})).await.expect_bad_fields(&["name", "primaryColor"]);
        let renamed = owner.put("/leads/status/5", json!({ "name": "WON!", "primaryColor": null })).await.expect_status(200);
        assert_eq!((&renamed["name"], &renamed["primaryColor"]), (&json!("WON!"), &json!("seagreen")));
        owner.put("/leads/status/5", json!({ "name": "new", "primaryColor": null })).await.expect_error(400, "Lead status already exists");
        for id in ["6", "0", "x"] {
            let body = json!({ "name": "X", "primaryColor": "blue" });
            owner.put(&format!("/leads/status/{id}"), body).await.expect_error(400, "Lead status not found");
            owner.delete(&format!("/leads/status/{id}"), json!(null)).await.expect_error(400, "Cannot delete status");
        }
        let lead = owner.create_lead(example_lead_with("a@example.com", json!({ "statusId": 5 }))).await;
        owner.delete("/leads/status/5", json!(null)).await.expect_error(400, "Cannot delete status");
        owner.patch("/leads/archive", json!({ "ids": [lead] })).await.expect_status(200);
        owner.delete("/leads/status/5", json!(null)).await.expect_error(400, "Cannot delete status");
        owner.put("/leads/change-status", json!({ "ids": [lead], "statusId": 1 })).await.expect_status(200);
        let gone = owner.delete("/leads/status/5", json!(null)).await.expect_status(200);
        assert_eq!(gone["message"], "Lead status deleted successfully");
        owner.post("/leads", example_lead_with("b@example.com", json!({ "statusId": 5 }))).await.expect_error(404, "No lead status found");
        for id in 2..=4 {
            owner.delete(&format!("/leads/status/{id}"), json!(null)).await.expect_status(200);
        }
        owner.delete("/leads", json!({ "ids": [lead] })).await.expect_status(200);
        owner.delete("/leads/status/1", json!(null)).await.expect_error(400, "Cannot delete status");
        let next = owner.post("/leads/status", json!({ "name": "Won", "primaryColor": "blue" })).await.expect_status(201);
        assert_eq!(next["id"], 6, "ids are not given again");
    })
    .await;
}

#[tokio::test]
async fn a_team_has_at_most_twelve_statuses() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for n in 5..=12 {
            owner
                .post("/leads/status", json!({ "name": format!("S{n}"), "primaryColor": "pink" }))
                .await
                .expect_status(201);
        }
        owner
            .post("/leads/status", json!({ "name": "S13", "primaryColor": "pink" }))
            .await
            .expect_error(400, "Too many lead statuses");
    })
    .await;
}

#[tokio::test]
async fn statuses_are_reordered_all_or_nothing() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let order = async || {
            let body = owner.get("/leads/statuses").await.expect_status(200);
            body["statuses"].as_array().unwrap().iter().map(|s| s["id"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let one = owner.put("/leads/statuses/order", json!({ "id": 4, "statusOrder": 1 })).await.expect_status(200);
        assert_eq!((&one[0]["id"], &one[0]["statusOrder"]), (&json!(4), &json!(1)));
        assert_eq!(order().await, [4, 1, 2, 3]);
        let two = json!([{ "id": 1, "statusOrder": 4 }, { "id": 3, "statusOrder": 1 }]);
        owner.put("/leads/statuses/order", two).await.expect_status(200);
        assert_eq!(order().await, [3, 4, 2, 1]);
        let unknown = json!([{ "id": 1, "statusOrder": 1 }, { "id": 9, "statusOrder": 2 }]);
        owner.put("/leads/statuses/order", unknown).await.expect_error(400, "Lead status not found");
        let twice = json!([{ "id": 1, "statusOrder": 1 }, { "id": 1, "statusOrder": 2 }]);
        owner.put("/leads/statuses/order", twice).await.expect_bad_fields(&["id"]);
        owner.put("/leads/statuses/order", json!([])).await.expect_bad_fields(&["body"]);
        owner
            .put("/leads/statuses/order", json!([{ "id": 0, "statusOrder": -1 }]))
            .await
            .expect_bad_fields(&["id", "statusOrder"]);
        assert_eq!(order().await, [3, 4, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_business_with_leads_cannot_be_deleted() {
    with_api(async |api| {
        let owner = api.owner_caller();
        assert_eq!(owner.get("/businesses").await.expect_status(200), json!({ "count": 0, "businesses": [] }));
        owner.create_numbered_businesses(2).await;
        owner.post("/businesses", json!({ "name": "BUSINESS 1" })).await.expect_error(400, "Business already exists");
        owner.post("/businesses", json!({ "name": " " })).await.expect_bad_fields(&["name"]);
        owner.put("/businesses/1", json!({ "name": "business 2" })).await.expect_error(400, "Business already exists");
        owner.put("/businesses/1", json!({ "name": "Acme" })).await.expect_status(200);
        owner.put("/businesses/3", json!({ "name": "X" })).await.expect_error(404, "Business not found");
        owner.put("/businesses/x", json!({ "name": "X" })).await.expect_error(404, "Business not found");
        let lead = owner.create_lead(example_lead_with("a@example.com", json!({ "business": [1] }))).await;
        assert_eq!(
            owner.get(&format!("/leads/{lead}")).await.expect_status(200)["business"],
            json!([{ "id": 1, "name": "Acme" }])
        );
        owner.delete("/businesses/1", json!(null)).await.expect_error(400, "Cannot delete business");
        owner.put(&format!("/leads/{lead}"), put_body_with(json!({ "business": [2] }))).await.expect_status(200);
        owner.delete("/businesses/1", json!(null)).await.expect_status(200);
        owner.delete("/businesses/1", json!(null)).await.expect_error(404, "Business not found");
        owner
            .put(&format!("/leads/{lead}"), put_body_with(json!({ "business": [1, 2] })))
            .await
            .expect_bad_fields(&["business"]);
        let left = json!({ "count": 1, "businesses": [{ "id": 2, "name": "Business 2" }] });
        assert_eq!(owner.get("/businesses").await.expect_status(200), left);
        owner.create_lead(example_lead("b@example.com")).await;
    })
    .await;
}
