//! Limits on the size of answers: Lambda allows 6 MB, in which the body is a JSON string.
//! <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>

/// Maximum size of a list or export in an answer, in bytes.
pub const MAX_RESPONSE_BYTES: usize = 5 * 1000 * 1000;

/// Length of a text inside a JSON string, in bytes.
pub fn escaped_len(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | b'\x08' | b'\x0c' => 2,
        ..b' ' => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escaped_length_equals_the_written_length() {
        for c in (0..0x300).chain([0x2028, 0x1F980]).filter_map(char::from_u32) {
            let text = c.to_string();
            assert_eq!(escaped_len(&text), serde_json::json!(text).to_string().len() - 2, "{c:?}");
        }
    }
}
