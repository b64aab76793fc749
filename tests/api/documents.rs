//! Links and file paths in the documentation are valid, its code blocks are well-formed, and the README stays short.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Maximum length of the README.
const MAX_README_LINES: usize = 150;

/// Path of the repository's root folder.
pub(crate) fn repository_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Paths of the Markdown pages in the root folder and in `docs/`.
fn markdown_pages() -> Vec<PathBuf> {
    let within = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let all = within(repository_root()).chain(within(repository_root().join("docs")));
    all.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
}

/// Lines outside code blocks.
fn lines_outside_code_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Anchor of a heading, as GitHub builds it.
fn github_anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

fn heading_anchors(text: &str) -> BTreeSet<String> {
    lines_outside_code_blocks(text).filter(|line| line.starts_with('#')).map(github_anchor).collect()
}

/// Targets of the links and images of a line.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

#[test]
fn links_between_pages_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for page in markdown_pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in
            lines_outside_code_blocks(&text).flat_map(link_targets).filter(|target| !target.starts_with("https://"))
        {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let to = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let has_heading =
                || heading.is_empty() || heading_anchors(&fs::read_to_string(&to).unwrap()).contains(heading);
            if !to.exists() || !has_heading() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every repository path that a Markdown page or the template mentions exists.
#[test]
fn paths_in_the_documents_exist() {
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let folders = [".ci/", "docs/", "events/", "functions/", "shared/", "tests/"];
    let mut missing = Vec::new();
    for page in markdown_pages().into_iter().chain([repository_root().join("template.yaml")]) {
        let text = fs::read_to_string(&page).unwrap();
        let words = text.split(|c| !is_path(c)).map(|word| word.trim_end_matches('.'));
        let named = words.filter(|word| folders.iter().any(|folder| word.starts_with(folder)));
        missing.extend(
            named
                .filter(|path| !repository_root().join(path).exists())
                .map(|path| format!("{}: {path}", page.display())),
        );
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// In Markdown, a fence with text after the backticks opens a code block and never closes one.
#[test]
fn code_blocks_have_a_language_and_are_closed() {
    for page in markdown_pages() {
        let text = fs::read_to_string(&page).unwrap();
        let fences: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("```")).collect();
        for block in fences.chunks(2) {
            let [language, end] = block else { panic!("{}: {block:?} has no end", page.display()) };
            let is_named = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(is_named && end.is_empty(), "{}: {block:?}", page.display());
        }
    }
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string(repository_root().join("README.md")).unwrap().lines().count();
    assert!(lines <= MAX_README_LINES, "{lines} lines");
}
