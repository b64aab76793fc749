//! Renders the documentation as HTML pages, for readers of a deployed API who do not have the repository.

use std::path::Path;
use std::{fs, io};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

/// The folder of the documentation, seen from the package's folder.
pub(crate) const FOLDER: &str = "../../docs";

/// Path of the contract in links of the documentation.
const CONTRACT: &str = "../functions/pages/openapi.json";

/// A page of the documentation.
pub(crate) struct Guide {
    /// Name in the URL: that of the file without extension.
    pub name: String,
    pub title: String,
    /// The content in HTML, without the frame that all guides share.
    pub content: String,
}

/// All pages, in the order of their names.
pub(crate) fn render_all() -> io::Result<Vec<Guide>> {
    let mut guides = Vec::new();
    for file in fs::read_dir(FOLDER)? {
        let path = file?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "md") {
            guides.push(render(name, &fs::read_to_string(&path)?));
        }
    }
    guides.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(guides)
}

fn render(name: String, markdown: &str) -> Guide {
    let mut events: Vec<Event> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let mut title = name.clone();
    for n in 0..events.len() {
        if matches!(events[n], Event::Start(Tag::Heading { .. })) {
            let text = text_of_heading(&events[n + 1..]);
            if let Event::Start(Tag::Heading { id, level, .. }) = &mut events[n] {
                *id = Some(anchor(&text).into());
                if *level == pulldown_cmark::HeadingLevel::H1 {
                    title = text;
                }
            }
        }
    }
    // Links that lead out of the documentation become text, and pictures of the repository are left out.
    let (mut hidden_links, mut image_depth) = (0, 0);
    let kept = events.into_iter().filter_map(|event| match event {
        Event::Start(Tag::Image { .. }) => {
            image_depth += 1;
            None
        }
        Event::End(TagEnd::Image) => {
            image_depth -= 1;
            None
        }
        _ if image_depth > 0 => None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => match served_url(&dest_url) {
            Some(url) => Some(Event::Start(Tag::Link { link_type, dest_url: url, title, id })),
            None => {
                hidden_links += 1;
                None
            }
        },
        Event::End(TagEnd::Link) if hidden_links > 0 => {
            hidden_links -= 1;
            None
        }
        event => Some(event),
    });
    let mut content = String::new();
    html::push_html(&mut content, kept);
    // The pages' Content-Security-Policy allows no inline styles.
    let content = content.replace(" style=\"text-align: right\"", " class=\"number\"");
    Guide { name, title, content }
}

/// The text of the heading that these events begin with.
fn text_of_heading(events: &[Event]) -> String {
    let within = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    within
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// Anchor of a heading, as GitHub builds it, so that a link works in both places.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
    kept.replace(' ', "-")
}

/// Where a link of the documentation leads when it is served. `None` for files that are only in the repository.
fn served_url(target: &str) -> Option<CowStr<'static>> {
    if target.starts_with("https://") || target.starts_with('#') {
        return Some(target.to_owned().into());
    }
    if target == CONTRACT {
        return Some("/openapi.json".into());
    }
    let (file, heading) = target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let name = file.strip_suffix(".md").filter(|name| Path::new(FOLDER).join(format!("{name}.md")).exists())?;
    let heading = heading.map(|heading| format!("#{heading}")).unwrap_or_default();
    (!name.contains('/')).then(|| format!("/docs/{name}{heading}").into())
}
