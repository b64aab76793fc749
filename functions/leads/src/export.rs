use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use csv::{Terminator, WriterBuilder};
use shared::api::{
    BooleanParam, CSV_COLUMNS, Caller, CursorCodec, FromQuery, LeadResponse, PageParams, QueryReader, Read, ValidQuery,
    Validator as _, enum_name_validator, lead_to_csv_cells,
};
use shared::domain::error::Error;
use shared::domain::{Lead, Team};
use shared::platform::response_size::{MAX_RESPONSE_BYTES, json_escaped_len};
use strum::{IntoStaticStr, VariantArray};

use crate::LeadsState;
use crate::filter::FilterOrViewParams;

/// Maximum number of leads in one answer of `GET /leads/export`.
const MAX_EXPORTED_LEADS: usize = 1000;
/// Byte order mark. Programs that assume another encoding than UTF-8, such as Excel, recognise UTF-8 by it.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
enum ExportFormat {
    /// RFC 4180.
    #[default]
    Csv,
    /// Newline-delimited JSON, with one lead on each line.
    Ndjson,
}

/// Query parameters of `GET /leads/export`.
#[derive(Debug)]
pub struct ExportParams {
    filter: FilterOrViewParams,
    format: ExportFormat,
    bom: bool,
    page: PageParams,
}

impl FromQuery for ExportParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        let filter = FilterOrViewParams::of(query);
        let format = query
            .read_single_value("format", &enum_name_validator().with_description("`csv` by default."))
            .unwrap_or_default();
        let bom = query.read_single_value(
            "bom",
            &BooleanParam("Whether a byte order mark precedes the first row. Excel needs one."),
        );
        Some(Self {
            filter,
            format,
            bom: bom.unwrap_or_default(),
            page: PageParams::of_with_limits(query, MAX_EXPORTED_LEADS, MAX_EXPORTED_LEADS),
        })
    }
}

/// `GET /leads/export`
pub(crate) async fn export(
    State(LeadsState { table, views, .. }): State<LeadsState>,
    caller: Caller<Read>,
    uri: Uri,
    ValidQuery(ExportParams { filter, format, bom, page }): ValidQuery<ExportParams>,
) -> Result<Response, Error> {
    let filter = filter.with_view(&views, &caller).await?.into_filter();
    let cursor = CursorCodec::of(&caller.team, "export", &format!("{filter:?}"));
    let after = page.start_position(&cursor)?;
    let mut file = ExportFile { format, text: String::new(), size: 0, is_marked: false };
    if after.is_none() && format == ExportFormat::Csv {
        file.write_csv_header(bom)?;
    }
    let write = |team: &Team, lead: &Lead| file.append_lead(team, lead);
    let next = table.export_leads(&caller.team, &filter, page.limit, after.as_ref(), write).await?;
    let mut headers = file.response_headers();
    if let Some(next) = next {
        headers.insert(header::LINK, next_page_link(&uri, &cursor.encode_cursor(&next))?);
    }
    Ok((headers, file.text).into_response())
}

/// Builds the `Link` header with the URL of the export's next page (RFC 8288).
fn next_page_link(uri: &Uri, cursor: &str) -> Result<HeaderValue, Error> {
    let given = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given.filter(|(name, _)| name != "cursor")).append_pair("cursor", cursor);
    let link = format!("</leads/export?{}>; rel=\"next\"", query.finish());
    link.parse().map_err(|error| Error::caused_by("a link", &error))
}

/// The export file while leads are appended to it.
struct ExportFile {
    format: ExportFormat,
    text: String,
    /// Size of the leads written so far, in bytes, as Lambda transfers them: escaped in a JSON string, or in Base64.
    size: usize,
    /// Whether the file starts with a byte order mark.
    is_marked: bool,
}

impl ExportFile {
    fn write_csv_header(&mut self, bom: bool) -> Result<(), Error> {
        self.is_marked = bom;
        self.text = if bom { BYTE_ORDER_MARK.to_owned() } else { String::new() } + &csv_row(&CSV_COLUMNS)?;
        Ok(())
    }

    /// Appends a lead to the file. Returns `false`, and appends nothing, if the answer would become too large.
    fn append_lead(&mut self, team: &Team, lead: &Lead) -> Result<bool, Error> {
        let line = match self.format {
            ExportFormat::Csv => csv_row(&lead_to_csv_cells(lead, team))?,
            ExportFormat::Ndjson => {
                serde_json::to_string(&LeadResponse::new(lead, team)).map_err(serialization_error)? + "\n"
            }
        };
        // Lambda transfers a text body as a JSON string, and a binary body in Base64.
        let size = match self.format {
            ExportFormat::Csv if !self.is_marked => json_escaped_len(&line),
            ExportFormat::Csv | ExportFormat::Ndjson => line.len().div_ceil(3) * 4,
        };
        if self.size > 0 && self.size + size > MAX_RESPONSE_BYTES {
            return Ok(false);
        }
        self.text.push_str(&line);
        self.size += size;
        Ok(true)
    }

    fn response_headers(&self) -> HeaderMap {
        let (kind, name) = match self.format {
            ExportFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"leads.csv\""),
            ExportFormat::Ndjson => ("application/x-ndjson", "attachment; filename=\"leads.ndjson\""),
        };
        // A file with a byte order mark is sent with a `Content-Encoding`: `lambda_http` passes such a body on as bytes,
        // while it would decode a text body and drop the mark.
        let encoding = self.is_marked.then_some((header::CONTENT_ENCODING, "identity"));
        let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)];
        headers.into_iter().chain(encoding).map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
    }
}

fn serialization_error(error: serde_json::Error) -> Error {
    Error::caused_by("writing a lead", &error)
}

fn csv_row(cells: &[impl AsRef<[u8]>]) -> Result<String, Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(|error| Error::caused_by("writing a row", &error))?;
    let bytes = writer.into_inner().map_err(|error| Error::caused_by("writing a row", &error))?;
    String::from_utf8(bytes).map_err(|error| Error::caused_by("writing a row", &error))
}
