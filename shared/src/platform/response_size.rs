//! The maximum size of a response body. Lambda allows a function's response 6 MB, and carries the body in it as an
//! escaped JSON string.
//! <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>

/// Maximum size of the items in one response of a list or an export, in bytes after escaping or Base64 encoding. Below
/// Lambda's limit of 6 MB.
pub const MAX_RESPONSE_BYTES: usize = 5 * 1000 * 1000;

/// Length in bytes of `text` as the escaped content of a JSON string, without the quotes.
pub fn json_escaped_len(text: &str) -> usize {
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
    fn json_escaped_len_equals_the_length_that_serde_json_writes() {
        for c in (0..0x300).chain([0x2028, 0x1F980]).filter_map(char::from_u32) {
            let text = c.to_string();
            assert_eq!(json_escaped_len(&text), serde_json::json!(text).to_string().len() - 2, "{c:?}");
        }
    }
}
