//! `cargo contract`: writes the OpenAPI document to the file that the API serves at `/openapi.json`, and the console's
//! constants that repeat the API's.

use std::path::Path;

use anyhow::Result;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::write(folder.join(contract::OPENAPI_PATH), format!("{:#}\n", contract::openapi_document()?))?;
    std::fs::write(folder.join(contract::CONSOLE_VALUES_PATH), contract::console_values()?)?;
    Ok(())
}
