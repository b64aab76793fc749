//! Renders the documentation as HTML pages, for readers of a deployed API who do not have the repository.

use std::{fs, io};

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

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
                if *level == HeadingLevel::H1 {
                    title = text;
                }
            }
        }
    }
    // Leaves out images: the files of the pictures are in the repository, but the function does not serve them.
    let mut image_depth = 0;
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
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Some(Event::Start(Tag::Link { link_type, dest_url: served_url(dest_url), title, id }))
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

/// Where a link of the documentation leads when it is served. The API's tests request every link of every guide.
fn served_url(target: CowStr<'_>) -> CowStr<'_> {
    if target.as_ref() == CONTRACT {
        return "/openapi.json".into();
    }
    let (file, heading) = target.split_at(target.find('#').unwrap_or(target.len()));
    match file.strip_suffix(".md") {
        Some(name) => format!("/docs/{name}{heading}").into(),
        None => target,
    }
}
