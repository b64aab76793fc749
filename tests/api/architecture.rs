//! The layers of `shared` import each other only as the table in `shared/src/lib.rs` allows, and each layer uses
//! exactly the crates that are listed for it here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::documents::repository_root;

/// External crates that each layer of `shared` must use, no more and no fewer, in addition to `std` and `serde`.
const ALLOWED_CRATES: [(&str, &[&str]); 4] = [
    (
        "domain",
        &[
            "base64",
            "email_address",
            "http",
            "icu_casemap",
            "icu_properties",
            "ipnet",
            "jiff",
            "schemars",
            "serde_json",
            "sha2",
            "strum",
            "subtle",
            "unicode_normalization",
        ],
    ),
    (
        "platform",
        &[
            "aws_config",
            "aws_sdk_dynamodb",
            "aws_sdk_s3",
            "aws_sdk_sqs",
            "aws_smithy_http_client",
            "aws_smithy_runtime_api",
            "aws_smithy_types",
            "aws_types",
            "fastrand",
            "futures_util",
            "getrandom",
            "jiff",
            "lambda_http",
            "rustls",
            "serde_json",
            "tokio",
            "tracing",
            "tracing_subscriber",
            "webpki_roots",
        ],
    ),
    (
        "store",
        &[
            "aws_sdk_dynamodb",
            "fastrand",
            "flate2",
            "futures_util",
            "jiff",
            "serde_dynamo",
            "serde_json",
            "sha2",
            "tokio",
            "tracing",
        ],
    ),
    (
        "api",
        &[
            "axum",
            "base64",
            "flate2",
            "form_urlencoded",
            "futures_util",
            "jiff",
            "lambda_http",
            "multer",
            "percent_encoding",
            "schemars",
            "serde_json",
            "sha2",
            "strum",
        ],
    ),
];

/// All `.rs` files in a folder and its subfolders.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// Parses a Rust file and returns each path segment with the segment before it: `a::b::c` gives `("", a)`, `(a, b)` and
/// `(b, c)`. Comments are ignored.
fn path_segment_pairs(file: &Path) -> BTreeSet<(String, String)> {
    let mut steps = BTreeSet::new();
    collect_path_segment_pairs(fs::read_to_string(file).unwrap().parse().unwrap(), "", &mut steps);
    steps
}

/// Adds the path segments in `tokens` to `steps`. `list_of` is the segment before a braced import list: `crate` for
/// `crate::{a, b}`, or empty.
fn collect_path_segment_pairs(tokens: TokenStream, list_of: &str, steps: &mut BTreeSet<(String, String)>) {
    let (mut name, mut after, mut colons) = (String::new(), list_of.to_owned(), 0);
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                colons += 1;
                if colons == 2 {
                    steps.insert((after, name.clone()));
                    (after, colons) = (std::mem::take(&mut name), 0);
                }
            }
            TokenTree::Ident(ident) => {
                if !name.is_empty() {
                    after.clear();
                }
                if !after.is_empty() {
                    steps.insert((after.clone(), ident.to_string()));
                }
                (name, colons) = (ident.to_string(), 0);
            }
            TokenTree::Group(group) => {
                let is_list = name.is_empty() && group.delimiter() == Delimiter::Brace;
                collect_path_segment_pairs(group.stream(), if is_list { &after } else { "" }, steps);
                (name, after, colons) = (String::new(), String::new(), 0);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                (name, after, colons) = (String::new(), list_of.to_owned(), 0);
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => (name, after, colons) = (String::new(), String::new(), 0),
        }
    }
}

/// The texts between backticks in a line of Markdown.
fn texts_in_backticks(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Reads the table in the documentation of `shared/src/lib.rs`: for each layer, the layers that it may import.
fn allowed_imports() -> BTreeMap<String, BTreeSet<String>> {
    let lib = fs::read_to_string(repository_root().join("shared/src/lib.rs")).unwrap();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        (row.split('`').next().unwrap().to_owned(), texts_in_backticks(cells[2]))
    })
    .collect()
}

#[test]
fn imports_between_layers_go_one_way() {
    let shared = repository_root().join("shared/src");
    let map = allowed_imports();
    let layers: BTreeSet<String> = map.keys().cloned().collect();
    let folders = fs::read_dir(&shared).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: BTreeSet<String> = folders.filter(|name| name != "lib.rs").collect();
    assert_eq!(folders, layers, "the map has each folder, and nothing else is in `shared/src`");
    for (layer, may_import) in &map {
        let mut imports = BTreeSet::new();
        for file in rust_files(&shared.join(layer)) {
            let named =
                path_segment_pairs(&file).into_iter().filter(|(after, _)| after == "crate").map(|(_, name)| name);
            imports.extend(named.filter(|name| layers.contains(name)));
        }
        imports.remove(layer);
        println!("{layer} -> {imports:?}");
        assert!(imports.is_subset(may_import), "{layer} imports {imports:?} and may import {may_import:?}");
        let back = may_import.iter().filter(|other| map[*other].contains(layer));
        assert_eq!(back.count(), 0, "{layer} and a layer that it may import import each other");
    }
}

#[test]
fn each_layer_uses_exactly_its_listed_crates() {
    let manifest = fs::read_to_string(repository_root().join("shared/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let dependencies: BTreeSet<String> = dependencies
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .map(|name| name.replace('-', "_"))
        .filter(|name| !name.is_empty() && name != "serde")
        .collect();
    for (layer, own) in ALLOWED_CRATES {
        let own: BTreeSet<&str> = own.iter().copied().collect();
        let mut used = BTreeSet::new();
        for file in rust_files(&repository_root().join("shared/src").join(layer)) {
            let roots =
                path_segment_pairs(&file).into_iter().filter(|(after, _)| after.is_empty()).map(|(_, name)| name);
            used.extend(roots.filter(|name| dependencies.contains(name)));
        }
        assert_eq!(used.iter().map(String::as_str).collect::<BTreeSet<_>>(), own, "{layer}");
    }
}

#[test]
fn functions_use_neither_the_aws_sdk_nor_table_keys() {
    for function in fs::read_dir(repository_root().join("functions")).unwrap() {
        let folder = function.unwrap().path();
        for file in rust_files(&folder.join("src")) {
            let is_hidden = |(after, name): &(String, String)| {
                after.is_empty() && ["aws_config", "aws_sdk", "aws_smithy"].iter().any(|sdk| name.starts_with(sdk))
                    || (&after[..], &name[..]) == ("store", "keys")
            };
            assert_eq!(path_segment_pairs(&file).into_iter().find(is_hidden), None, "{}", file.display());
        }
    }
}
