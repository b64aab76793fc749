//! Unpredictable random bytes, different in every execution environment.

use crate::domain::error::Error;

/// `N` random bytes from the operating system.
///
/// # Errors
/// 500 when the operating system returns no random bytes.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut random = [0; N];
    getrandom::fill(&mut random).map_err(|error| Error::caused_by("getrandom", &error))?;
    Ok(random)
}
