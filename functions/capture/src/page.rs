//! HTML answers for a browser that posts a form without a script.

use std::fmt::Write as _;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use shared::api::http_status;
use shared::domain::error::{Error, ErrorKind};

/// Content-Security-Policy of the answer pages: inline styles are allowed; scripts and files are not.
const PAGE_CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
const PAGE_CSS: &str = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto 0;padding:0 1.5rem}\
     :root{color-scheme:light dark}";

/// The page for an accepted submission, with status 201.
pub(crate) fn thank_you_page(message: &str) -> Response {
    html_page(StatusCode::CREATED, message, "<p>We have received what you sent.</p>")
}

/// The page for a refused submission, with the HTTP status of `error`.
pub(crate) fn error_page(error: &Error) -> Response {
    let mut text = String::new();
    for fault in error.bad_fields() {
        let (field, message) = (escape_html(&fault.field), escape_html(&fault.message));
        // Writing to a `String` cannot fail.
        let _ = write!(text, "<li><strong>{field}</strong> {message}</li>");
    }
    let (title, text) = match error.kind() {
        ErrorKind::BadRequest => ("Please check what you entered", format!("<ul>{text}</ul>")),
        ErrorKind::NotFound => ("This form is closed", String::new()),
        ErrorKind::Forbidden => ("This form cannot be sent from here", String::new()),
        ErrorKind::TooManyRequests => ("Too many at once", "<p>Please try again in a minute.</p>".to_owned()),
        ErrorKind::Internal | ErrorKind::Unavailable => {
            ("Something went wrong", "<p>Please try again shortly.</p>".to_owned())
        }
        _ => ("This could not be sent", String::new()),
    };
    html_page(
        http_status(error),
        title,
        &format!("{text}<p>Go back in your browser: what you entered is still there.</p>"),
    )
}

fn html_page(status: StatusCode, title: &str, content: &str) -> Response {
    let title = escape_html(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{PAGE_CSS}</style></head><body><main>\
         <h1>{title}</h1>{content}</main></body></html>"
    );
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_CONTENT_SECURITY_POLICY)),
    ];
    (status, headers, html).into_response()
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
