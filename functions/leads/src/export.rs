use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use csv::{Terminator, WriterBuilder};
use shared::api::{
    COLUMNS, Caller, Cursor, Flag, LeadResponse, Page, QueryInput, QueryReader, Read, ValidQuery, Validator as _,
    cells, one_of,
};
use shared::domain::error::Error;
use shared::domain::{Lead, LeadFilter, Team};
use shared::platform::response_size::{MAX_RESPONSE_BYTES, escaped_len};
use strum::{IntoStaticStr, VariantArray};

use crate::Leads;
use crate::list::filter;

/// Maximum number of leads in one answer of `GET /leads/export`.
const MAX_EXPORTED_LEADS: usize = 1000;
/// Byte order mark. Programs that assume another encoding than UTF-8, such as Excel, recognise UTF-8 by it.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
enum Format {
    /// RFC 4180.
    #[default]
    Csv,
    /// Newline-delimited JSON, with one lead on each line.
    Ndjson,
}

/// Query parameters of `GET /leads/export`.
#[derive(Debug)]
pub struct ExportParams {
    filter: LeadFilter,
    format: Format,
    bom: bool,
    page: Page,
}

impl QueryInput for ExportParams {
    fn read(query: &mut impl QueryReader) -> Option<Self> {
        let filter = filter(query);
        let format = query.one("format", &one_of().describe("`csv` by default.")).unwrap_or_default();
        let bom = query.one("bom", &Flag("Whether a byte order mark precedes the first row. Excel needs one."));
        Some(Self {
            filter,
            format,
            bom: bom.unwrap_or_default(),
            page: Page::of_at_most(query, MAX_EXPORTED_LEADS, MAX_EXPORTED_LEADS),
        })
    }
}

/// `GET /leads/export`
pub(crate) async fn export(
    State(Leads { table, .. }): State<Leads>,
    caller: Caller<Read>,
    uri: Uri,
    ValidQuery(ExportParams { filter, format, bom, page }): ValidQuery<ExportParams>,
) -> Result<Response, Error> {
    let cursor = Cursor::of(&caller.team, "export", &format!("{filter:?}"));
    let after = page.after(&cursor)?;
    let mut file = File { format, text: String::new(), size: 0, is_marked: false };
    if after.is_none() && format == Format::Csv {
        file.begin(bom)?;
    }
    let write = |team: &Team, lead: &Lead| file.write(team, lead);
    let next = table.export_leads(&caller.team, &filter, page.limit, after.as_ref(), write).await?;
    let mut headers = file.headers();
    if let Some(next) = next {
        headers.insert(header::LINK, link(&uri, &cursor.encode(&next))?);
    }
    Ok((headers, file.text).into_response())
}

/// Builds the `Link` header with the URL of the export's next page (RFC 8288).
fn link(uri: &Uri, cursor: &str) -> Result<HeaderValue, Error> {
    let given = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given.filter(|(name, _)| name != "cursor")).append_pair("cursor", cursor);
    let link = format!("</leads/export?{}>; rel=\"next\"", query.finish());
    link.parse().map_err(|error| Error::caused_by("a link", &error))
}

/// The export file while leads are appended to it.
struct File {
    format: Format,
    text: String,
    /// Size of the leads written so far, in bytes, as Lambda transfers them: escaped in a JSON string, or in Base64.
    size: usize,
    /// Whether the file starts with a byte order mark.
    is_marked: bool,
}

impl File {
    fn begin(&mut self, bom: bool) -> Result<(), Error> {
        self.is_marked = bom;
        self.text = if bom { BYTE_ORDER_MARK.to_owned() } else { String::new() } + &record(&COLUMNS)?;
        Ok(())
    }

    /// Appends a lead to the file. Returns `false`, and appends nothing, if the answer would become too large.
    fn write(&mut self, team: &Team, lead: &Lead) -> Result<bool, Error> {
        let line = match self.format {
            Format::Csv => record(&cells(lead, team))?,
            Format::Ndjson => serde_json::to_string(&LeadResponse::new(lead, team)).map_err(failed)? + "\n",
        };
        // Lambda transfers a text body as a JSON string, and a binary body in Base64.
        let size = match self.format {
            Format::Csv if !self.is_marked => escaped_len(&line),
            Format::Csv | Format::Ndjson => line.len().div_ceil(3) * 4,
        };
        if self.size > 0 && self.size + size > MAX_RESPONSE_BYTES {
            return Ok(false);
        }
        self.text.push_str(&line);
        self.size += size;
        Ok(true)
    }

    fn headers(&self) -> HeaderMap {
        let (kind, name) = match self.format {
            Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"leads.csv\""),
            Format::Ndjson => ("application/x-ndjson", "attachment; filename=\"leads.ndjson\""),
        };
        // `lambda_http` decodes a text body and drops its byte order mark. A body with a `Content-Encoding` is passed
        // on as bytes.
        let encoding = self.is_marked.then_some((header::CONTENT_ENCODING, "identity"));
        let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
        headers.into_iter().chain(encoding).map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
    }
}

fn failed(error: serde_json::Error) -> Error {
    Error::caused_by("writing a lead", &error)
}

fn record(cells: &[impl AsRef<[u8]>]) -> Result<String, Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(|error| Error::caused_by("writing a row", &error))?;
    let bytes = writer.into_inner().map_err(|error| Error::caused_by("writing a row", &error))?;
    String::from_utf8(bytes).map_err(|error| Error::caused_by("writing a row", &error))
}
