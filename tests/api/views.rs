//! Saved views: `/views`, and `?view=` in lists, exports and searches.

use serde_json::{Value, json};

use crate::harness::{TestCaller, example_lead_with, lead_ids, with_api};

fn view_body(name: &str, query: Value) -> Value {
    json!({ "name": name, "query": query, "layout": "table", "columns": ["company"] })
}

async fn listed_ids(caller: &TestCaller<'_>, path: &str) -> Vec<u64> {
    let page = caller.get(path).await.expect_status(200);
    let listed = lead_ids(page["leads"].as_array().unwrap());
    assert_eq!(page["count"], listed.len(), "{path}");
    listed
}

fn names(list: &Value) -> Vec<&str> {
    list["views"].as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_view_filters_lists_exports_and_searches() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(3).await;
        for (n, status, business) in [(1, 1, json!([1])), (2, 2, json!([1, 3])), (3, 2, json!([2])), (4, 3, json!([]))]
        {
            let fields = json!({ "statusId": status, "business": business, "lastName": "O’Connor", "source": "Fair" });
            owner.create_lead(example_lead_with(&format!("lead{n}@example.com"), fields)).await;
        }
        for query in [
            json!({ "status": "1,2", "sort": "createdAt" }),
            json!({ "status": ["1", "2"], "sort": ["createdAt"], "archived": "false" }),
        ] {
            let view = owner.post("/views", view_body("Open", query.clone())).await.expect_status(201);
            assert_eq!(view["query"], query);
            let id = &view["id"];
            assert_eq!(listed_ids(&owner, &format!("/leads?view={id}")).await, [1, 2, 3]);
            assert_eq!(listed_ids(&owner, &format!("/leads?view={id}&sort=-createdAt")).await, [3, 2, 1]);
            assert_eq!(listed_ids(&owner, &format!("/leads?view={id}&status=2,3")).await, [2, 3]);
            assert_eq!(listed_ids(&owner, &format!("/leads?view={id}&status=3")).await, [0_u64; 0]);
            assert_eq!(listed_ids(&owner, &format!("/leads?view={id}&business=1,2&source=fair")).await, [1, 2, 3]);
            let export = owner.get(&format!("/leads/export?view={id}&status=2&format=ndjson")).await;
            assert_eq!(export.expect_status(200).as_str().unwrap().lines().count(), 2);
            let found =
                owner.get(&format!("/leads/search?search=oconnor&view={id}&limit=100")).await.expect_status(200);
            assert_eq!(lead_ids(found.as_array().unwrap()), [1, 2, 3]);
            let newest = owner.get(&format!("/leads/search?view={id}&status=2")).await.expect_status(200);
            assert_eq!(lead_ids(newest.as_array().unwrap()), [2, 3]);
        }
        let shops = owner.post("/views", view_body("Shops", json!({ "business": "1,2" }))).await.expect_status(201);
        let path = |more: &str| format!("/leads?view={}&business={more}", shops["id"]);
        assert_eq!(listed_ids(&owner, &path("2")).await, [3]);
        assert_eq!(listed_ids(&owner, &path("1,2,3")).await, [3, 2, 1]);
        // Lead 2 has the businesses 1 and 3, so neither filter contains the other.
        let refused = owner.get(&path("2,3")).await.expect_error(400, "Invalid query");
        assert_eq!(refused["errors"][0]["field"], "business");
        // A cursor of the view's list does not continue another list.
        let page = owner.get("/leads?view=1&limit=1").await.expect_status(200);
        let cursor = page["nextCursor"].as_str().unwrap();
        owner.get(&format!("/leads?view=1&limit=1&cursor={cursor}")).await.expect_status(200);
        owner.get(&format!("/leads?view=3&limit=1&cursor={cursor}")).await.expect_error(400, "Invalid query");
    })
    .await;
}

#[tokio::test]
async fn a_view_belongs_to_a_user_unless_an_owner_shares_it() {
    with_api(async |api| {
        let (owner, manager) = (api.owner_caller(), api.caller_with_role("team", "Manager"));
        let viewer = api.caller_with_role("team", "Viewer");
        let own = viewer.post("/views", view_body("今週", json!({}))).await.expect_status(201);
        let mut shared = view_body("Team", json!({ "status": "1" }));
        shared["shared"] = json!(true);
        for caller in [&manager, &viewer] {
            caller.post("/views", shared.clone()).await.expect_error(403, "Access denied");
            caller.put("/views/1", shared.clone()).await.expect_error(403, "Access denied");
        }
        owner.post("/views", shared.clone()).await.expect_status(201);
        assert_eq!(names(&viewer.get("/views").await.expect_status(200)), ["今週", "Team"]);
        assert_eq!(names(&owner.get("/views").await.expect_status(200)), ["Team"]);
        for caller in [&owner, &manager, &api.caller_with_role("other", "Owner")] {
            caller.get("/leads?view=1").await.expect_error(404, "View not found");
            caller.put("/views/1", view_body("Mine", json!({}))).await.expect_error(404, "View not found");
            caller.delete("/views/1", Value::Null).await.expect_error(404, "View not found");
        }
        for caller in [&manager, &viewer] {
            caller.get("/leads?view=2").await.expect_status(200);
            caller.put("/views/2", view_body("Mine", json!({}))).await.expect_error(403, "Access denied");
            caller.delete("/views/2", Value::Null).await.expect_error(403, "Access denied");
        }
        // What was read can be sent back.
        assert_eq!(viewer.put("/views/1", own.clone()).await.expect_status(200), own);
        // A view that is no longer shared is a view of the Owner.
        owner.put("/views/2", view_body("Mine", json!({}))).await.expect_status(200);
        assert_eq!(names(&viewer.get("/views").await.expect_status(200)), ["今週"]);
        owner.put("/views/2", shared).await.expect_status(200);
        assert_eq!(names(&viewer.get("/views").await.expect_status(200)), ["今週", "Team"]);
        owner.delete("/views/2", Value::Null).await.expect_status(200);
        owner.delete("/views/2", Value::Null).await.expect_error(404, "View not found");
        viewer.delete("/views/1", Value::Null).await.expect_status(200);
        assert_eq!(viewer.get("/views").await.expect_status(200)["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn every_bad_field_of_a_view_is_named() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let query = json!({ "status": ["one"], "archived": 1, "from": "soon", "limit": "10", "sort": ["createdAt", "x"],
            "source": "x".repeat(1001) });
        let body = json!({ "name": " ", "query": query, "layout": "list", "columns": [""], "more": 1 });
        let refused = owner.post("/views", body).await.expect_error(400, "Invalid view data");
        let mut fields: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        fields.sort_by_key(|field| field.as_str());
        assert_eq!(
            fields,
            [
                "columns",
                "layout",
                "more",
                "name",
                "query.archived",
                "query.from",
                "query.limit",
                "query.sort",
                "query.source",
                "query.status"
            ]
        );
        owner.get("/leads?view=0").await.expect_error(400, "Invalid query");
        // Repetitions count towards the 50 ids, as the contract says.
        let repeated = |n: usize| vec!["1"; n].join(",");
        owner.get(&format!("/leads?status={}", repeated(50))).await.expect_status(200);
        owner.get(&format!("/leads?status={}", repeated(51))).await.expect_error(400, "Invalid query");
    })
    .await;
}

#[tokio::test]
async fn a_user_has_at_most_fifty_views() {
    with_api(async |api| {
        let viewer = api.caller_with_role("team", "Viewer");
        for n in 0..49 {
            viewer.post("/views", view_body(&format!("{n}"), json!({}))).await.expect_status(201);
        }
        let once = [("content-type", "application/json"), ("idempotency-key", "fifty")];
        let body = view_body("Fifty", json!({})).to_string();
        let (one, other) = tokio::join!(
            viewer.send_request("POST", "/views", &once, body.clone()),
            viewer.send_request("POST", "/views", &once, body.clone())
        );
        assert_eq!(one.expect_status(201), other.expect_status(201), "one request, sent twice");
        let refused = viewer.post("/views", view_body("More", json!({}))).await.expect_error(400, "Too many views");
        assert_eq!(refused["code"], "too_many_views");
        viewer.delete("/views/7", Value::Null).await.expect_status(200);
        viewer.post("/views", view_body("Again", json!({}))).await.expect_status(201);
        // Another user's views do not count.
        api.owner_caller().post("/views", view_body("Mine", json!({}))).await.expect_status(201);
    })
    .await;
}
