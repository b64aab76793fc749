//! Search index of leads. A search finds a lead by the beginnings of the lead's index words, which come from name, e-mail
//! address, phone numbers, company, position and location.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::normalize::{is_cjk, normalize_for_search};
use crate::domain::{Email, Lead, LeadSummary};

/// Maximum length of an index word, in characters. Longer words are cut, also in queries.
const MAX_WORD_CHARS: usize = 64;
/// Minimum number of digits of a query by which the end of a phone number is found.
const MIN_PHONE_SUFFIX_DIGITS: usize = 4;
/// Minimum number of digits of a phone number that is written with spaces, in a query that also has words. Fewer digits
/// are separate words.
const MIN_SPACED_PHONE_DIGITS: usize = 7;
/// Number of last digits that decide whether a phone number ends as searched. National or international prefixes come
/// before these digits.
const MAX_PHONE_SUFFIX_DIGITS: usize = 9;
/// Maximum number of domains of an e-mail address that are indexed: its own and up to three parent domains.
const MAX_INDEXED_DOMAINS: usize = 4;

fn truncate_word(word: &str) -> String {
    word.chars().take(MAX_WORD_CHARS).collect()
}

fn trim_punctuation(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Removes apostrophes, which people often leave out, and spaces, which the quoted local part of an e-mail address may
/// have.
fn without_apostrophes_and_spaces(word: &str) -> String {
    word.chars().filter(|c| *c != '\'' && !c.is_whitespace()).collect()
}

fn only_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn reversed_phone_word(digits: &str) -> String {
    std::iter::once('~').chain(digits.chars().rev()).collect()
}

/// The index words of a text: each word between spaces; each part after punctuation inside a word (`luc` of
/// `jean-luc`); and in Chinese, Japanese and Korean, which have no spaces, every suffix of a word (`京都` of `東京都`).
fn text_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in normalize_for_search(text).split_whitespace().map(trim_punctuation) {
        words.push(without_apostrophes_and_spaces(word));
        words.extend(word.split(|c: char| !c.is_alphanumeric()).skip(1).map(str::to_owned));
        let inner = word.char_indices().zip(word.chars().skip(1));
        for ((at, before), next) in inner {
            if next.is_alphanumeric() && (is_cjk(next) || is_cjk(before)) {
                words.push(without_apostrophes_and_spaces(&word[at + before.len_utf8()..]));
            }
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| truncate_word(&word)).collect()
}

/// A lead's e-mail address, normalised for the search index.
fn searchable_email(lead: &LeadSummary) -> String {
    without_apostrophes_and_spaces(&normalize_for_search(lead.email.as_ref().map_or("", Email::as_str)))
}

/// Suffix of the index word for the own domain of an e-mail address.
const OWN_DOMAIN_SUFFIX: char = '@';

/// The index words for the domain of an e-mail address and its parent domains, without the top-level domain:
/// `mail.example.com@`, `example.com`.
fn domain_words(email: &str) -> Vec<String> {
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let starts = std::iter::once(0).chain(domain.match_indices('.').map(|(at, _)| at + 1));
    let parents = starts.map(|at| &domain[at..]).filter(|parent| parent.contains('.'));
    let mut domains: Vec<String> = parents.take(MAX_INDEXED_DOMAINS).map(truncate_word).collect();
    if let Some(own) = domains.first_mut() {
        *own = own_domain_word(own);
    }
    domains
}

fn own_domain_word(domain: &str) -> String {
    domain.chars().take(MAX_WORD_CHARS - 1).chain([OWN_DOMAIN_SUFFIX]).collect()
}

/// The index words for a Chinese, Japanese or Korean full name, last name first without a space, from each character of
/// the last name on: `山田太郎`, `田太郎`.
fn cjk_full_name_words(first: &str, last: &str) -> Vec<String> {
    let [first, last] =
        [first, last].map(|name| without_apostrophes_and_spaces(trim_punctuation(&normalize_for_search(name))));
    if !(first.starts_with(is_cjk) && last.ends_with(is_cjk)) {
        return Vec::new();
    }
    let starts = last.char_indices().filter(|(at, c)| *at == 0 || is_cjk(*c));
    starts.map(|(at, _)| truncate_word(&format!("{}{first}", &last[at..]))).collect()
}

/// The index words of a lead. Contact words (e-mail address and phone numbers) are separate from text words, so that a
/// changed name rewrites fewer index entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexWords {
    /// Text words: the words of name, company, position and location.
    #[serde(rename = "text", serialize_with = "serialize_words", deserialize_with = "deserialize_words")]
    pub text_words: BTreeSet<String>,
    /// Contact words: the words of e-mail address and phone numbers that are not in `text_words`.
    #[serde(rename = "bare", serialize_with = "serialize_words", deserialize_with = "deserialize_words")]
    pub contact_words: BTreeSet<String>,
}

/// Serialises words as one text, separated by spaces. No word contains a space.
fn serialize_words<S: Serializer>(words: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ").serialize(serializer)
}

fn deserialize_words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    let words = String::deserialize(deserializer)?;
    Ok(words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

impl IndexWords {
    /// Maximum number of index words of a lead. E-mail address and phone numbers come first, then the other fields.
    /// With more words, a change of every field might not fit one transaction.
    pub const MAX_WORDS: usize = 45;

    /// The index words of a lead, at most [`IndexWords::MAX_WORDS`]. `more` is the lead's position and location.
    pub fn of(lead: &LeadSummary, more: [&str; 2]) -> Self {
        let email = searchable_email(lead);
        let phones = lead.phone_number.iter().map(|phone| only_digits(&normalize_for_search(phone)));
        let phones =
            phones.filter(|digits| !digits.is_empty()).flat_map(|digits| [reversed_phone_word(&digits), digits]);
        let contact = [email.clone()].into_iter().chain(domain_words(&email)).chain(phones);
        let contact = contact.filter(|word| !word.is_empty()).map(|word| (false, truncate_word(&word)));
        let text = |texts: &[&str]| {
            let words: Vec<String> = texts.iter().flat_map(|text| text_words(text)).collect();
            words.into_iter().map(|word| (true, word))
        };
        let [position, location] = more;
        let full_names = cjk_full_name_words(&lead.first_name, &lead.last_name).into_iter().map(|word| (true, word));
        let names = text(&[&lead.first_name, &lead.last_name]).chain(full_names);
        let texts = names.chain(text(&[&lead.company, position, location]));
        let mut words = Self::default();
        for (is_text, word) in contact.chain(texts) {
            if words.text_words.len() + words.contact_words.len() == Self::MAX_WORDS {
                break;
            }
            if is_text {
                words.contact_words.remove(&word);
                words.text_words.insert(word);
            } else {
                words.contact_words.insert(word);
            }
        }
        words
    }

    /// Every word, once.
    pub fn iter_words(&self) -> impl Iterator<Item = &String> {
        self.text_words.iter().chain(&self.contact_words)
    }

    /// Whether a word is one of the index words.
    pub fn contains_word(&self, word: &str) -> bool {
        self.text_words.contains(word) || self.contact_words.contains(word)
    }

    /// All index words in one text, with a space before the first word and after each word. The text contains ` doe` if
    /// a word begins with `doe`.
    pub fn all_words_text(&self) -> String {
        join_with_spaces(self.iter_words())
    }

    /// The contact words in one text, in the format of [`IndexWords::all_words_text`].
    pub fn contact_text(&self) -> String {
        join_with_spaces(&self.contact_words)
    }
}

fn join_with_spaces<'w>(words: impl IntoIterator<Item = &'w String>) -> String {
    words.into_iter().fold(String::from(" "), |text, word| text + word + " ")
}

/// One word or phone number of a search. A lead matches the term if one of the lead's index words begins with one of
/// the forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerm {
    /// Beginnings of index words. An index word that begins with any of them matches.
    pub forms: Vec<String>,
    /// Whether the term is a domain. `@example.com` matches the whole domain of an e-mail address or its beginning, and
    /// not a parent domain: it does not find `a@mail.example.com`.
    is_domain: bool,
}

impl SearchTerm {
    fn of(forms: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
        forms.dedup();
        (!forms.is_empty()).then_some(Self { forms, is_domain: false })
    }

    /// The term for a phone number, which matches numbers that begin or end with these digits. For the end, at most the
    /// last nine digits are compared, because they do not depend on a national or international prefix.
    fn of_phone_number(word: String, number: &str) -> Option<Self> {
        let subscriber = &number[number.len().saturating_sub(MAX_PHONE_SUFFIX_DIGITS)..];
        let end = (number.len() >= MIN_PHONE_SUFFIX_DIGITS).then(|| truncate_word(&reversed_phone_word(subscriber)));
        Self::of([Some(word), Some(truncate_word(number)), end].into_iter().flatten())
    }

    fn of_token(token: &str) -> Option<Self> {
        if let Some(domain) = token.strip_prefix('@') {
            let domain = truncate_word(&without_apostrophes_and_spaces(domain));
            let is_whole = domain.contains('.');
            let term = Self::of([is_whole.then(|| own_domain_word(&domain)), Some(domain)].into_iter().flatten())?;
            return Some(Self { is_domain: true, ..term });
        }
        // Words with `@` are not trimmed, because an e-mail address may begin with punctuation.
        let word = truncate_word(&without_apostrophes_and_spaces(if token.contains('@') {
            token
        } else {
            trim_punctuation(token)
        }));
        if is_phone_like(token) { Self::of_phone_number(word, &only_digits(token)) } else { Self::of([word]) }
    }

    /// Whether a word in a text of [`IndexWords::all_words_text`] begins with one of the forms. A domain matches only
    /// words for own domains.
    fn begins_word_in(&self, text: &str) -> bool {
        let begins = |word: &str| self.forms.iter().any(|form| word.starts_with(form.as_str()));
        text.split(' ').any(|word| begins(word) && (!self.is_domain || word.ends_with(OWN_DOMAIN_SUFFIX)))
    }

    fn is_whole_word_in(&self, text: &str) -> bool {
        let whole = |form: &String| text.split(' ').any(|word| word.trim_end_matches(OWN_DOMAIN_SUFFIX) == form);
        self.forms.iter().any(whole)
    }
}

/// Whether a token consists only of digits and of signs that people write in phone numbers.
fn is_phone_like(token: &str) -> bool {
    token.chars().all(|c| c.is_ascii_digit() || "+-()./".contains(c))
}

/// Splits a folded query into terms. A query of only digits and phone signs is one phone number, at every moment of
/// typing it. In a query with words, digits with spaces between them are one phone number from `MIN_NUMBER_DIGITS`
/// digits on.
fn parse_terms(folded: &str) -> Vec<SearchTerm> {
    let tokens: Vec<&str> = folded.split_whitespace().collect();
    let is_number = tokens.iter().all(|token| is_phone_like(token));
    let runs = tokens.chunk_by(|one, next| is_phone_like(one) && is_phone_like(next));
    let of_run = |run: &[&str]| -> Vec<SearchTerm> {
        let number = only_digits(&run.concat());
        if run.len() > 1 && (is_number || number.len() >= MIN_SPACED_PHONE_DIGITS) {
            return SearchTerm::of_phone_number(String::new(), &number).into_iter().collect();
        }
        run.iter().filter_map(|token| SearchTerm::of_token(token)).collect()
    };
    runs.flat_map(of_run).collect()
}

/// A parsed search: its terms, longest and so most selective first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery(Vec<SearchTerm>);

impl SearchQuery {
    /// Maximum number of terms of a search.
    pub const MAX_TERMS: usize = 10;

    /// Parses a search. `None` unless it has at least 2 characters, or one Chinese, Japanese or Korean character, and 1
    /// to 10 words with a letter or digit each.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = normalize_for_search(text.trim());
        let mut terms = parse_terms(&folded);
        terms.sort_by_key(|term| std::cmp::Reverse(term.forms.iter().map(|form| form.chars().count()).max()));
        terms.dedup();
        let long = text.trim().chars().count() >= 2 || folded.chars().any(is_cjk);
        (long && (1..=Self::MAX_TERMS).contains(&terms.len())).then_some(Self(terms))
    }

    /// The terms, longest first. Never empty.
    pub fn search_terms(&self) -> &[SearchTerm] {
        &self.0
    }

    /// Whether a lead matches every term of the search.
    pub fn matches_lead(&self, lead: &Lead) -> bool {
        self.matches_words(&lead.derived.words.all_words_text())
    }

    /// Whether every term is the beginning of a word in a text of [`IndexWords::all_words_text`].
    pub fn matches_words(&self, text: &str) -> bool {
        self.0.iter().all(|term| term.begins_word_in(text))
    }

    /// Number of terms that are whole words in a text of [`IndexWords::all_words_text`].
    pub fn count_whole_words(&self, text: &str) -> usize {
        self.0.iter().filter(|term| term.is_whole_word_in(text)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms_of_longest_term(text: &str) -> Vec<String> {
        SearchQuery::parse(text).map(|query| query.search_terms()[0].forms.clone()).unwrap_or_default()
    }

    #[test]
    fn a_text_is_split_into_index_words() {
        assert_eq!(text_words("  Jean-Luc  O’Brien, Ångström "), ["jean-luc", "luc", "obrien", "brien", "angstrom"]);
        assert_eq!(text_words("Łódź -- ½"), ["lodz", "1⁄2", "2"]);
        assert_eq!(text_words("東京都庁"), ["東京都庁", "京都庁", "都庁", "庁"]);
        assert_eq!(text_words("김철수 ABC株式"), ["김철수", "철수", "수", "abc株式", "株式", "式"]);
        assert_eq!(text_words("x".repeat(100).as_str()), ["x".repeat(64)]);
    }

    #[test]
    fn a_domain_is_indexed_with_its_parent_domains() {
        assert_eq!(domain_words("a@mail.example.com"), ["mail.example.com@", "example.com"]);
        assert_eq!(domain_words("a@example.com"), ["example.com@"]);
        assert_eq!(domain_words(""), [""; 0]);
    }

    #[test]
    fn a_full_name_without_a_space_is_found_from_each_character_on() {
        assert_eq!(cjk_full_name_words("太郎", "山田"), ["山田太郎", "田太郎"]);
        assert_eq!(cjk_full_name_words("철수", "김"), ["김철수"]);
        for (first, last) in [("Ada", "Lovelace"), ("太郎", "Smith"), ("", "山田"), ("太郎", "")] {
            assert_eq!(cjk_full_name_words(first, last), [""; 0]);
        }
    }

    #[test]
    fn search_terms_are_folded_and_recognise_phone_numbers() {
        assert_eq!(forms_of_longest_term("JOSÉ"), ["jose"]);
        assert_eq!(forms_of_longest_term("(123)"), ["123"]);
        assert_eq!(forms_of_longest_term("456-7890"), ["456-7890", "4567890", "~0987654"]);
        assert_eq!(forms_of_longest_term("7890"), ["7890", "~0987"]);
        assert_eq!(forms_of_longest_term("+1 (555) 867-5309"), ["15558675309", "~903576855"]);
        assert_eq!(forms_of_longest_term("+33612345678"), ["33612345678", "~876543216"], "and so ends 06 12 34 56 78");
        assert_eq!(forms_of_longest_term("06 12"), ["0612", "~2160"]);
        assert_eq!(forms_of_longest_term("+1 555"), ["1555", "~5551"]);
        assert_eq!(forms_of_longest_term("12 3"), ["123"]);
        assert_eq!(forms_of_longest_term("acme 12 34"), ["acme"], "beside words, too short for a number");
        assert_eq!(forms_of_longest_term("john.doe@x.com"), ["john.doe@x.com"]);
        assert_eq!(forms_of_longest_term("@x.com"), ["x.com@", "x.com"]);
        assert_eq!(forms_of_longest_term("@x"), ["x"]);
        assert_eq!(forms_of_longest_term("O’Connor"), ["oconnor"]);
        assert_eq!(forms_of_longest_term("京"), ["京"]);
        for nothing in ["a", " é ", "--", "@", "''"] {
            assert_eq!(SearchQuery::parse(nothing), None, "{nothing}");
        }
        assert_eq!(forms_of_longest_term("j doe"), ["doe"], "the longest leads");
    }
}
