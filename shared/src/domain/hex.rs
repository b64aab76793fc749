//! Hexadecimal text.

/// Bytes as lower-case hexadecimal digits: two for each byte.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
