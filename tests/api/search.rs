//! GET /leads/search.

use serde_json::json;

use crate::harness::{TestCaller, example_lead_with, lead_ids, put_body_with, with_api};

async fn search_lead_ids(caller: &TestCaller<'_>, search: &str) -> Vec<u64> {
    let query: String = search.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let body = caller.get(&format!("/leads/search?search={query}")).await.expect_status(200);
    lead_ids(body.as_array().unwrap())
}

async fn create_searchable_lead(
    caller: &TestCaller<'_>,
    email: &str,
    first: &str,
    last: &str,
    company: &str,
    phones: &[&str],
) -> u64 {
    let body = json!({ "firstName": first, "lastName": last, "company": company, "position": "Head of Sales",
        "location": "São Paulo", "phoneNumber": phones });
    caller.create_lead(example_lead_with(email, body)).await
}

#[tokio::test]
async fn every_search_word_matches_the_beginning_of_an_indexed_word() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let john = create_searchable_lead(
            &owner,
            "john.doe@example.com",
            "John",
            "Doe",
            "Blue Bird Ltd",
            &["+1 (123) 456-7890"],
        )
        .await;
        let jose = create_searchable_lead(
            &owner,
            "jose+crm@mail.example.org",
            "José",
            "Jean-Luc O'Brien",
            "Łódź 東京",
            &["030/99 88 77 66"],
        )
        .await;
        let odd = create_searchable_lead(&owner, "_odd@ODD.example", "Xi", "Yo", "", &[]).await;
        // The index keeps the first 64 characters of this email address, so the end of its domain is missing in the
        // index.
        let long =
            create_searchable_lead(&owner, &format!("{}@long.sample.net", "z".repeat(60)), "Ab", "Cd", "", &[]).await;
        for (search, expected) in [
            ("john", vec![john]),
            ("JOH doe", vec![john]),
            ("doe john", vec![john]),
            ("j d", vec![john]),
            ("jo", vec![jose, john]),
            ("ohn", vec![]),
            ("john brien", vec![]),
            ("jose", vec![jose]),
            ("JOSÉ o'b", vec![jose]),
            ("brien", vec![jose]),
            ("luc", vec![jose]),
            ("jean-l", vec![jose]),
            ("blue ltd head", vec![john]),
            ("sao paulo", vec![long, odd, jose, john]),
            ("東", vec![jose]),
            ("東京", vec![jose]),
            ("京", vec![jose]),
            ("lodz", vec![jose]),
            ("Łódź 京", vec![jose]),
            ("obrien", vec![jose]),
            ("O’Brien", vec![jose]),
            ("O´BRIEN", vec![jose]),
            ("example.org", vec![jose]),
            ("@mail.example.org", vec![jose]),
            ("@example", vec![john]),
            ("@head", vec![]),
            ("@long.sample.net", vec![long]),
            ("+1 (123) 456-7890", vec![john]),
            ("123 456 7890", vec![john]),
            ("030 / 99 88 77 66", vec![jose]),
            ("doe +1 (123) 456-7890", vec![john]),
            ("john.doe", vec![john]),
            ("john.doe@example.com", vec![john]),
            ("example", vec![jose, john]),
            ("example.com", vec![john]),
            ("mail.example", vec![jose]),
            ("jose+crm@", vec![jose]),
            ("_odd@", vec![odd]),
            ("1123", vec![john]),
            ("+1(123)", vec![john]),
            ("(123)", vec![]),
            ("7890", vec![john]),
            ("456-7890", vec![john]),
            ("890", vec![]),
            ("03099", vec![jose]),
            ("77 66", vec![jose]),
            ("7766", vec![jose]),
            ("john 7890", vec![john]),
            ("doe john.doe@", vec![john]),
            ("john org", vec![]),
            ("%_#", vec![]),
        ] {
            if search == "%_#" {
                owner.get("/leads/search?search=%25_%23").await.expect_bad_fields(&["search"]);
                continue;
            }
            assert_eq!(search_lead_ids(&owner, search).await, expected, "{search:?}");
        }
        assert_eq!(search_lead_ids(&api.caller_with_role("other", "Viewer"), "john").await, [] as [u64; 0]);
    })
    .await;
}

/// A phone number is found while it is typed, in its international and its national form. A Chinese, Japanese or Korean
/// name is found without the space between last and first name.
#[tokio::test]
async fn phone_numbers_and_names_are_found_while_they_are_typed() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let french =
            create_searchable_lead(&owner, "a@mail.example.com", "Ada", "Lovelace", "", &["06 12 34 56 78"]).await;
        let yamada = create_searchable_lead(&owner, "b@example.com", "太郎", "山田", "", &["+1 (555) 867-5309"]).await;
        let kim = create_searchable_lead(&owner, "c@example.com", "철수", "김", "ㄱ 1234", &[]).await;
        for (search, expected) in [
            ("06", vec![french]),
            ("06 1", vec![french]),
            ("06 12", vec![french]),
            ("06 12 34 56 78", vec![french]),
            ("+33612345678", vec![french]),
            ("0033 6 12 34 56 78", vec![french]),
            ("+33 6 12 34 56", vec![]),
            ("+1 555", vec![yamada]),
            ("1 555 86", vec![yamada]),
            ("(555) 867-5309", vec![yamada]),
            ("555 867", vec![]),
            ("0033 5558675309", vec![yamada]),
            ("1234", vec![kim]),
            ("山田太郎", vec![yamada]),
            ("山田太", vec![yamada]),
            ("田太郎", vec![yamada]),
            ("山田 太郎", vec![yamada]),
            ("太郎山田", vec![]),
            ("김철수", vec![kim]),
            ("@example.com", vec![kim, yamada]),
            ("@mail.exam", vec![french]),
            ("example.com", vec![kim, yamada, french]),
            ("ada @mail.example.com", vec![french]),
            ("ada 0612", vec![french]),
        ] {
            assert_eq!(search_lead_ids(&owner, search).await, expected, "{search:?}");
        }
        // An empty search returns the newest leads, like a request without `search`.
        let newest = owner.get("/leads/search?search=").await.expect_status(200);
        assert_eq!(lead_ids(newest.as_array().unwrap()), [kim, yamada, french]);
        assert_eq!(owner.get("/leads/search?search=%20").await.expect_status(200), newest);
    })
    .await;
}

/// An email address whose quoted local part has spaces is indexed as one word, and its search entries are removed with
/// the lead.
#[tokio::test]
async fn an_email_address_with_spaces_is_one_word() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let quoted = "\"x doe y\"@example.org";
        let kept = create_searchable_lead(&owner, quoted, "Doe", "Roe", "", &[]).await;
        assert_eq!(search_lead_ids(&owner, "example.org").await, [kept]);
        assert_eq!(search_lead_ids(&owner, "doe").await, [kept]);
        let gone = create_searchable_lead(&owner, "\"john doe\"@example.org", "Doe", "Poe", "", &[]).await;
        owner.delete(&format!("/leads/{gone}"), serde_json::Value::Null).await.expect_status(200);
        assert_eq!(search_lead_ids(&owner, "doe").await, [kept]);
    })
    .await;
}

#[tokio::test]
async fn whole_words_rank_first_then_the_newest_leads() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let mut made = Vec::new();
        for (n, first) in ["Ann", "Anna", "Ann", "Annabel", "Anna"].iter().enumerate() {
            made.push(create_searchable_lead(&owner, &format!("x{n}@y{n}.com"), first, "Lee", "", &[]).await);
        }
        assert_eq!(search_lead_ids(&owner, "ann").await, [made[2], made[0], made[4], made[3], made[1]]);
        assert_eq!(search_lead_ids(&owner, "anna").await, [made[4], made[1], made[3]]);
        assert_eq!(search_lead_ids(&owner, "le ann").await, [made[2], made[0], made[4], made[3], made[1]]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_lead_is_found_only_by_its_new_words() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = create_searchable_lead(&owner, "a@example.com", "John", "Doe", "Acme", &[]).await;
        let path = format!("/leads/{id}");
        owner
            .put(&path, put_body_with(json!({ "firstName": "Jane", "email": "b@other.net" })))
            .await
            .expect_status(200);
        assert_eq!(search_lead_ids(&owner, "john").await, [] as [u64; 0]);
        assert_eq!(search_lead_ids(&owner, "a@example").await, [] as [u64; 0]);
        assert_eq!(search_lead_ids(&owner, "jane acme").await, [id]);
        assert_eq!(search_lead_ids(&owner, "b@other").await, [id]);
        owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect_status(200);
        assert_eq!(search_lead_ids(&owner, "jane").await, [] as [u64; 0]);
        owner.patch("/leads/restore", json!({ "ids": [id] })).await.expect_status(200);
        assert_eq!(search_lead_ids(&owner, "jane").await, [id]);
        owner.delete("/leads", json!({ "ids": [id] })).await.expect_status(200);
        assert_eq!(search_lead_ids(&owner, "jane").await, [] as [u64; 0]);
    })
    .await;
}

/// In an earlier release, search entries of email addresses and phone numbers lacked the attribute `bare`. They are
/// still found.
#[tokio::test]
async fn entries_of_an_earlier_release_are_found() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id =
            create_searchable_lead(&owner, "ada@example.com", "Ada", "Lovelace", "Acme", &["+1 (555) 867-5309"]).await;
        let items = api.scan_all_items().await;
        let bare: Vec<_> = items.values().filter(|item| item.contains_key("bare")).collect();
        assert!(bare.len() > 3);
        for item in bare {
            let key = ["PK", "SK"].map(|name| (name.to_owned(), item[name].clone()));
            let update = api.dynamodb.update_item().table_name(&api.table).set_key(Some(key.into()));
            update.update_expression("REMOVE bare").send().await.unwrap();
        }
        for search in ["ada@ex", "@example.com", "+1 (555) 867", "5309", "lovelace 5309"] {
            assert_eq!(search_lead_ids(&owner, search).await, [id], "{search}");
        }
        // The next update of the lead writes the search entries with the attribute `bare`.
        let other = json!({ "email": "ada@other.example", "phoneNumber": ["+1 (555) 867-5308"] });
        owner.patch(&format!("/leads/{id}"), other).await.expect_status(200);
        assert_eq!(search_lead_ids(&owner, "5308").await, [id]);
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_all_matches_or_is_reported_incomplete() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let rare = create_searchable_lead(&owner, "rare@example.com", "John", "Rarebird", "", &[]).await;
        let mut hidden = Vec::new();
        for n in 0..60 {
            hidden
                .push(create_searchable_lead(&owner, &format!("john{n}@example.com"), "John", "Common", "", &[]).await);
        }
        owner.patch("/leads/archive", json!({ "ids": hidden[..40] })).await.expect_status(200);
        let few = owner.get("/leads/search?search=john&limit=5").await;
        assert_eq!(few.headers["search-complete"], "false", "more were not read");
        let few = few.expect_status(200);
        assert_eq!(lead_ids(few.as_array().unwrap()), hidden[55..].iter().rev().copied().collect::<Vec<_>>());
        let some = owner.get("/leads/search?search=john&limit=30").await;
        assert_eq!(some.headers["search-complete"], "false", "behind 40 archived ones there may be more");
        assert_eq!(some.expect_status(200).as_array().map(Vec::len), Some(20));
        let body = owner.get("/leads/search?search=john&limit=60").await.expect_status(200);
        assert_eq!(lead_ids(body.as_array().unwrap()).last(), Some(&rare), "behind 40 archived ones");
        let one = owner.get("/leads/search?search=john+rare&limit=1").await;
        assert!(!one.headers.contains_key("search-complete"), "a word with few entries decides alone");
        assert_eq!(lead_ids(one.expect_status(200).as_array().unwrap()), [rare], "behind 60 others of the first word");
        // A search whose matching leads are all archived reads a bounded number of entries, and says so if more are
        // left.
        owner.patch("/leads/archive", json!({ "ids": hidden })).await.expect_status(200);
        let none = owner.get("/leads/search?search=common&limit=1").await;
        assert_eq!(none.headers["search-complete"], "false");
        assert_eq!(none.expect_status(200), json!([]));
        let all = owner.get("/leads/search?search=common&limit=50").await;
        assert!(!all.headers.contains_key("search-complete"));
    })
    .await;
}

#[tokio::test]
async fn a_search_needs_two_characters_or_lists_the_newest() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let newest = create_searchable_lead(&owner, "a@example.com", "Ann", "Lee", "", &[]).await;
        let archived = create_searchable_lead(&owner, "b@example.com", "Bob", "Lee", "", &[]).await;
        owner.patch("/leads/archive", json!({ "ids": [archived] })).await.expect_status(200);
        assert_eq!(lead_ids(owner.get("/leads/search").await.expect_status(200).as_array().unwrap()), [newest]);
        for query in ["?search=a", "?search=%20a%20", "?search=--", "?search=a&search=b"] {
            owner.get(&format!("/leads/search{query}")).await.expect_bad_fields(&["search"]);
        }
        owner.get(&format!("/leads/search?search={}", "a".repeat(201))).await.expect_bad_fields(&["search"]);
        owner.get(&format!("/leads/search?search={}", ["ab"; 3].join("+"))).await.expect_status(200);
        let many: Vec<String> = (0..11).map(|n| format!("w{n}")).collect();
        owner.get(&format!("/leads/search?search={}", many.join("+"))).await.expect_bad_fields(&["search"]);
        owner.get("/leads/search?search=ab&limit=101&cursor=x").await.expect_bad_fields(&["limit", "cursor"]);
    })
    .await;
}

#[tokio::test]
async fn a_search_takes_every_filter_of_the_list() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        for (n, fields) in [
            json!({ "statusId": 1, "business": [1], "source": "Fair", "company": "Straße" }),
            json!({ "statusId": 2, "business": [1, 2], "source": "Referral", "company": "Straße 2" }),
            json!({ "statusId": 2, "business": [], "source": "fair", "state": "Inactive", "company": "Strasse" }),
            json!({ "statusId": 3, "business": [2], "source": "", "company": "Other" }),
        ]
        .into_iter()
        .enumerate()
        {
            owner.create_lead(example_lead_with(&format!("{n}@example.com"), fields)).await;
        }
        owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_status(200);
        let today = jiff::Timestamp::now().to_string()[..10].to_owned();
        for (query, expected) in [
            ("", vec![3, 2]),
            ("&status=2", vec![3, 2]),
            ("&status=1,3", vec![]),
            ("&status=2&business=2", vec![2]),
            ("&state=Inactive", vec![3]),
            ("&source=FAIR", vec![3]),
            ("&archived=true", vec![1]),
            ("&sort=createdAt", vec![2, 3]),
            (&format!("&from={today}&status=2"), vec![3, 2]),
            ("&to=2020-01-01", vec![]),
        ] {
            let found = owner.get(&format!("/leads/search?search=strasse{query}")).await;
            assert!(!found.headers.contains_key("search-complete"), "{query}");
            assert_eq!(lead_ids(found.expect_status(200).as_array().unwrap()), expected, "{query}");
        }
        // Without words, the filters select the newest leads.
        let newest = owner.get("/leads/search?status=2,3&limit=2").await.expect_status(200);
        assert_eq!(lead_ids(newest.as_array().unwrap()), [4, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_filtered_search_reads_a_hundred_leads_and_says_when_that_was_not_all() {
    with_api(async |api| {
        let owner = api.owner_caller();
        // The oldest of 120 leads is the only one with this status, and the newest are read first.
        for (first, status, count) in [(0, 3, 1), (1, 1, 90), (91, 1, 29)] {
            let row =
                |n: usize| json!({ "email": format!("{n}@example.com"), "lastName": "Lindqvist", "statusId": status });
            let rows: Vec<_> = (first..first + count).map(row).collect();
            owner.post("/leads/batch", json!({ "mode": "create", "leads": rows })).await.expect_status(200);
        }
        let rare = owner.get("/leads/search?search=lindqvist&status=3").await;
        assert_eq!(rare.headers["search-complete"], "false");
        assert_eq!(rare.expect_status(200), json!([]));
        // A second word that only this lead has narrows the search to it.
        owner.patch("/leads/1", json!({ "company": "Volta" })).await.expect_status(200);
        let found = owner.get("/leads/search?search=lindqvist+volta&status=3").await;
        assert!(!found.headers.contains_key("search-complete"));
        assert_eq!(lead_ids(found.expect_status(200).as_array().unwrap()), [1]);
    })
    .await;
}
