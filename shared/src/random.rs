//! What nobody can guess, and no two have alike: environments that start at once included.

use crate::error::Error;

/// Bytes from the operating system.
///
/// # Errors
/// 500 when it has none.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| Error::caused_by("getrandom", &error))?;
    Ok(random)
}
