//! `cargo contract`: writes the OpenAPI document to the file that the API serves at `/openapi.json`.

use std::path::Path;

use anyhow::Result;

fn main() -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(contract::OPENAPI_PATH);
    std::fs::write(file, format!("{:#}\n", contract::openapi_document()?))?;
    Ok(())
}
