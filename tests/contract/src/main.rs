//! Writes the contract where it is served from: `cargo contract`.

use std::path::Path;

use anyhow::Result;

fn main() -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(contract::FILE);
    std::fs::write(file, format!("{:#}\n", contract::document()?))?;
    Ok(())
}
