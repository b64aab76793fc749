//! Exports of leads, and imports of exported files.

use std::collections::BTreeMap;

use local::large_teams::fill_team;
use serde_json::{Value, json};

use crate::harness::{TestCaller, TestResponse, TestStack, example_lead_with, lead_ids, test_options, with_api};

/// URL of the next page of an export, from the `Link` header. `None` on the last page.
fn next_page_url(reply: &TestResponse) -> Option<String> {
    let link = reply.headers.get("link")?.to_str().expect("text");
    let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
    Some(target.unwrap_or_else(|| panic!("{link}")).to_owned())
}

/// Follows the pages of an export and returns their bodies joined into one file.
async fn read_whole_export(caller: &TestCaller<'_>, path: &str) -> String {
    let (mut file, mut path) = (String::new(), Some(path.to_owned()));
    while let Some(page) = path {
        let reply = caller.get(&page).await;
        path = next_page_url(&reply);
        file += reply.expect_status(200).as_str().expect("text");
    }
    file
}

/// Rows of a CSV file, each as a map from column name to cell.
fn csv_rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("CSV")
}

fn ndjson_rows(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

async fn import_rows(owner: &TestCaller<'_>, format: &str, rows: &[Value]) -> Value {
    let body = json!({ "mode": "upsert", "format": format, "leads": rows, "createBusinesses": true });
    owner.post("/leads/batch", body).await.expect_status(200)
}

const TRICKY_CELL_TEXTS: [&str; 22] = [
    "plain",
    "=HYPERLINK(\"http://x\",\"y\")",
    "+1 (555) 867-5309",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "'=1",
    "''@x",
    "'quoted'",
    "say \"hi\", twice",
    "a;b\\;c\\",
    ";",
    "comma, comma",
    "O’Connor",
    "Łódź",
    "עברית mixed العربية",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "日本語テキスト",
    "null",
    "true",
    "00123",
    "1e5",
    "#REF!",
];

/// Importing an exported file into the same team changes no lead.
#[tokio::test]
async fn importing_an_export_changes_nothing() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let mut random = fastrand::Rng::with_seed(7);
        let mut nasty = || TRICKY_CELL_TEXTS[random.usize(..TRICKY_CELL_TEXTS.len())];
        for name in TRICKY_CELL_TEXTS {
            owner.post("/businesses", json!({ "name": name })).await;
        }
        let known = owner.get("/businesses").await.expect_status(200)["count"].as_u64().unwrap();
        let leads: Vec<Value> = (0..60)
            .map(|n| {
                let description = format!("{}\n{}\r\n\t{}", nasty(), nasty(), nasty());
                json!({
                    "firstName": nasty(), "lastName": nasty(), "email": format!("o'nasty+{n}@example.com"),
                    "phoneNumber": [nasty(), nasty()], "business": [n % known + 1, (n + 5) % known + 1],
                    "state": if n % 3 == 0 { "Inactive" } else { "Active" }, "statusId": n % 4 + 1,
                    "photo": "", "source": nasty(), "description": description, "location": nasty(),
                    "position": nasty(), "company": if n % 5 == 0 { "" } else { nasty() },
                    "socialMedia": { "youtube": nasty(), "twitter": nasty() },
                })
            })
            .collect();
        assert_eq!(import_rows(&owner, "json", &leads).await["created"], 60);
        let before: Vec<Value> = owner.all_pages("/leads?limit=100", "leads").await;

        let file = read_whole_export(&owner, "/leads/export?limit=7").await;
        let cells: Vec<Value> = csv_rows(&file).into_iter().map(|row| json!(row)).collect();
        assert_eq!(cells.len(), 60);
        for row in &cells {
            for (column, cell) in row.as_object().unwrap() {
                assert!(!cell.as_str().unwrap().starts_with(['=', '+', '-', '@', '\t', '\r']), "{column}: {cell}");
            }
        }
        let answer = import_rows(&owner, "csv", &cells).await;
        assert_eq!(answer["unchanged"], 60, "{answer}");
        let objects = ndjson_rows(&read_whole_export(&owner, "/leads/export?format=ndjson&limit=7").await);
        let answer = import_rows(&owner, "json", &objects).await;
        assert_eq!(answer["unchanged"], 60, "{answer}");
        assert_eq!(owner.all_pages("/leads?limit=100", "leads").await, before);

        // Another team can import the file, because its rows have the names of businesses instead of their ids.
        let other = api.caller_with_role("other", "Owner");
        let answer = import_rows(&other, "csv", &cells).await;
        assert_eq!(answer["created"], 60, "{answer}");
        let again: Vec<Value> = csv_rows(&read_whole_export(&other, "/leads/export?sort=createdAt").await)
            .into_iter()
            .map(|row| json!(row))
            .collect();
        for (mut one, mut other) in cells.into_iter().zip(again) {
            for own in ["id", "createdAt", "updatedAt"] {
                (one[own], other[own]) = (Value::Null, Value::Null);
            }
            assert_eq!(one, other);
        }
    })
    .await;
}

#[tokio::test]
async fn an_export_is_paged_csv_or_ndjson_with_documented_columns() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        for n in 1..=3 {
            owner.create_lead(example_lead_with(&format!("a{n}@example.com"), json!({ "business": [1, 2] }))).await;
        }
        let first = owner.get("/leads/export?limit=2&bom=true").await;
        assert_eq!(first.headers["content-type"], "text/csv; charset=utf-8");
        assert_eq!(first.headers["content-disposition"], "attachment; filename=\"leads.csv\"");
        let follows = next_page_url(&first).unwrap();
        let text = first.expect_status(200).as_str().unwrap().to_owned();
        let columns = "id,firstName,lastName,email,phoneNumber,business,statusId,status,state,photo,company,position,location,source,description,socialMedia.youtube,socialMedia.facebook,socialMedia.instagram,socialMedia.twitter,externalIds,attribution,archived,createdAt,updatedAt\r\n";
        let head = format!("\u{FEFF}{columns}3,John,Doe,a3@example.com,123-456-7890,Business 1;Business 2,1,New,Active,,Company Name,Manager,New York,Referral,Lead description,");
        assert!(text.starts_with(&head), "{text}");
        assert_eq!(text.matches("\r\n").count(), 3);
        let rest = owner.get(&follows).await;
        assert_eq!(next_page_url(&rest), None);
        let rest = rest.expect_status(200).as_str().unwrap().to_owned();
        assert!(rest.starts_with("1,John,") && rest.matches("\r\n").count() == 1, "{rest}");

        let reply = owner.get("/leads/export?format=ndjson").await;
        assert_eq!(reply.headers["content-type"], "application/x-ndjson");
        let leads = ndjson_rows(reply.expect_status(200).as_str().unwrap());
        assert_eq!(lead_ids(&leads), [3, 2, 1]);
        assert_eq!(leads[0], owner.get("/leads/3").await.expect_status(200));

        assert_eq!(api.caller_with_role("other", "Owner").get("/leads/export").await.expect_status(200), json!(columns));
        api.caller_with_role("team", "Viewer").get("/leads/export").await.expect_status(200);
        owner.get("/leads/export?limit=1001&format=xml&bom=1&stauts=1").await.expect_bad_fields(&["limit", "format", "bom", "stauts"]);
        let other = follows.replace("limit=2", "limit=2&status=1");
        owner.get(&other).await.expect_bad_fields(&["cursor"]);
        // A cursor of an export is refused by the list of leads.
        owner.get(&follows.replace("/export", "").replace("&bom=true", "")).await.expect_bad_fields(&["cursor"]);
    })
    .await;
}

/// An export has the same filters and the same order of leads as `GET /leads`.
#[tokio::test]
async fn an_export_read_page_by_page_equals_the_list() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.caller_with_role("team", "Owner");
    fill_team(&api.dynamodb, &api.table, "team", 230, |n| n % 40).await.expect("leads");
    owner
        .put("/leads/change-status", json!({ "ids": (1..=90).collect::<Vec<u64>>(), "statusId": 2 }))
        .await
        .expect_status(200);
    owner.patch("/leads/archive", json!({ "ids": (50..=120).collect::<Vec<u64>>() })).await.expect_status(200);
    owner.delete("/leads", json!({ "ids": [7, 8, 9, 200] })).await.expect_status(200);
    for filter in [
        "x=",
        "status=2",
        "archived=true",
        "business=1,3",
        "business=2&status=1&sort=createdAt",
        "source=referral",
        "state=Inactive",
        "from=2020-01-01&to=2999-01-01&sort=createdAt",
    ] {
        let filter = filter.trim_start_matches("x=");
        let listed = owner
            .all_pages(format!("/leads?limit=100&{filter}").replace("&&", "&").trim_end_matches('&'), "leads")
            .await;
        let file =
            read_whole_export(&owner, format!("/leads/export?limit=61&format=ndjson&{filter}").trim_end_matches('&'))
                .await;
        assert_eq!(lead_ids(&ndjson_rows(&file)), lead_ids(&listed), "{filter}");
        let file = read_whole_export(&owner, format!("/leads/export?{filter}").trim_end_matches('?')).await;
        assert_eq!(csv_rows(&file).len(), listed.len(), "{filter}");
    }
    api.audit_all_teams().await;
}

/// Lambda limits a response to 6 MB: a page of an export that would be larger ends earlier.
#[tokio::test]
async fn a_page_of_an_export_stays_below_the_size_limit() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let text = "\"=\n".repeat(3_333);
        for n in 0..4 {
            let row = |m: usize| json!({ "email": format!("a{n}.{m}@example.com"), "firstName": "A", "lastName": "B", "description": text });
            let rows: Vec<Value> = (0..100).map(row).collect();
            assert_eq!(import_rows(&owner, "json", &rows).await["created"], 100);
        }
        for format in ["csv", "ndjson"] {
            let first = owner.get(&format!("/leads/export?format={format}")).await;
            assert!(next_page_url(&first).is_some(), "{format}");
            assert!(first.expect_status(200).as_str().unwrap().len() < 5_000_000);
            let file = read_whole_export(&owner, &format!("/leads/export?format={format}")).await;
            let n = if format == "csv" { csv_rows(&file).len() } else { ndjson_rows(&file).len() };
            assert_eq!(n, 400);
        }
    })
    .await;
}
