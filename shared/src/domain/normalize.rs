//! Normal forms of text: one to store, one to compare, one to search.

use icu_casemap::CaseMapper;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Whether Unicode defines a character as default-ignorable, for example a zero-width joiner.
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a character is invisible or shows only blank space. U+2800 is a Braille pattern without dots.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || is_ignorable(c) || c == '\u{2800}'
}

/// Whether a character is trimmed off the ends of a text: spaces, direction marks and byte order marks, which copying
/// from a page or an address book adds.
fn is_trimmed_char(c: char) -> bool {
    let marks = ['\u{200B}', '\u{200E}', '\u{200F}', '\u{2060}', '\u{FEFF}'];
    let directions = ['\u{202A}'..='\u{202C}', '\u{2066}'..='\u{2069}'];
    c.is_whitespace() || marks.contains(&c) || directions.iter().any(|range| range.contains(&c))
}

/// Normalises a text for storage: trims it and converts it to Unicode NFC.
pub(crate) fn normalize_for_storage(text: &str) -> String {
    text.trim_matches(is_trimmed_char).nfc().collect()
}

/// Whether a text has characters other than spaces but none that is visible.
pub(crate) fn has_only_invisible_chars(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(is_invisible)
}

/// The form in which names and e-mail addresses are compared: case-folded and in Unicode NFC.
pub(super) fn normalize_for_comparison(text: &str) -> String {
    let decomposed: String = text.nfd().collect();
    CaseMapper::new().fold_string(&decomposed).nfc().collect()
}

/// The form in which text is indexed and searched: without case, accents and invisible characters. Letters with a
/// stroke become plain letters, all apostrophes `'` and all dashes `-`.
pub(super) fn normalize_for_search(text: &str) -> String {
    // Apostrophes and dashes are unified before the decomposition, which would turn some of them into a space.
    let plain: String = text.chars().map(plain_punctuation).nfkd().collect();
    let folded = CaseMapper::new().fold_string(&plain);
    let letters = folded.nfkd().filter(|c| !is_accent(*c) && !is_ignorable(*c));
    let mut out = String::with_capacity(folded.len());
    for letter in letters {
        match plain_letters(letter) {
            Some(plain) => out.push_str(plain),
            None => out.push(letter),
        }
    }
    out.nfc().collect()
}

fn plain_punctuation(c: char) -> char {
    match c {
        '`' | '\u{B4}' | '\u{2B9}'..='\u{2BD}' | '\u{2C8}' | '\u{2CA}' | '\u{2CB}' | '\u{55A}' | '\u{5F3}' => '\'',
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{2035}' | '\u{A78B}' | '\u{A78C}' | '\u{FF07}' => '\'',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        _ => c,
    }
}

/// Whether people leave a character out when they search, by its Unicode combining class: accents, and the points of
/// Hebrew and Arabic. Marks that make another letter, such as the voicing marks of kana, stay.
fn is_accent(c: char) -> bool {
    !matches!(canonical_combining_class(c), 0 | 7..=9)
}

/// The plain letters for a letter such as `ø`, which Unicode decomposition does not split. `None` for other characters.
fn plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ƀ' => "b",
        'ɨ' => "i",
        'ƶ' => "z",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ŋ' => "n",
        _ => return None,
    })
}

/// Whether a character is Chinese, Japanese or Korean, where words are not separated by spaces.
/// <https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt>
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' | '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3041}'..='\u{30FF}' | '\u{3105}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9D}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_is_trimmed_and_in_nfc() {
        assert_eq!(normalize_for_storage(" \u{202A}+1 555\u{202C}\u{FEFF} "), "+1 555");
        assert_eq!(normalize_for_storage("Jose\u{301}"), "José");
        assert_eq!(normalize_for_storage("❤\u{FE0F}"), "❤\u{FE0F}", "what belongs to the last letter stays");
        for blank in ["\u{200D}", "\u{3164}", "\u{2800} \u{AD}", "\u{FE0F}", " \u{200B} "] {
            assert!(has_only_invisible_chars(blank), "{blank:?}");
        }
        assert!(
            !has_only_invisible_chars("") && !has_only_invisible_chars(" ") && !has_only_invisible_chars("x\u{200D}")
        );
    }

    #[test]
    fn comparison_ignores_case_but_not_accents() {
        for (one, other) in [("STRASSE", "straße"), ("ΟΔΟΣ", "οδος"), ("ΟΔΟΣ", "οδοσ"), ("Jose\u{301}", "JOSÉ")]
        {
            assert_eq!(normalize_for_comparison(one), normalize_for_comparison(other));
        }
        assert_ne!(normalize_for_comparison("jose"), normalize_for_comparison("josé"));
        assert_ne!(normalize_for_comparison("lodz"), normalize_for_comparison("łodz"));
    }

    #[test]
    fn search_ignores_case_accents_and_strokes() {
        for (text, expected) in [
            ("Łódź", "lodz"),
            ("Straße", "strasse"),
            ("SØREN Đukić", "soren dukic"),
            ("İstanbul IĞDIR ığdır", "istanbul igdir igdir"),
            ("Σίσυφος", "σισυφοσ"),
            ("O’Connor O´Connor O`Connor", "o'connor o'connor o'connor"),
            ("555\u{2011}867\u{2013}5309", "555-867-5309"),
            ("ｶﾞｲﾄﾞ がく", "ガイド がく"),
            ("김치", "김치"),
            ("हिन्दी", "हिन्दी"),
            ("so\u{AD}ft\u{200B}", "soft"),
        ] {
            assert_eq!(normalize_for_search(text), expected);
        }
    }
}
