//! The sign-in configuration of the pages. It is JSON in an HTML attribute, because the pages' policy allows no inline
//! script.

use serde::Serialize;
use shared::platform::config::PagesConfig;

/// The sign-in configuration. Fields that are not configured are absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SignInConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cognito: Option<&'a str>,
}

/// Builds the value that replaces `{{sign-in}}` in a page: JSON, escaped for an attribute in double quotes.
pub(crate) fn sign_in_attribute(config: &PagesConfig) -> String {
    let sign_in = SignInConfig {
        tokens: config.token_endpoint.as_deref(),
        issuer: config.issuer.as_deref(),
        audience: config.audience.as_deref(),
        client_id: config.client_id.as_deref(),
        cognito: config.cognito.as_deref(),
    };
    // Serialising text to JSON cannot fail.
    let json = serde_json::to_string(&sign_in).unwrap_or_default();
    json.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_escaped_for_an_html_attribute() {
        assert_eq!(sign_in_attribute(&PagesConfig::default()), "{}");
        let odd = PagesConfig { token_endpoint: Some("/token?a=1&b=\"><script>".into()), ..PagesConfig::default() };
        assert_eq!(sign_in_attribute(&odd), "{&quot;tokens&quot;:&quot;/token?a=1&amp;b=\\&quot;>&lt;script>&quot;}");
    }

    #[test]
    fn the_sign_in_attribute_omits_the_photos_url() {
        let text = |text: &str| Some(text.to_owned());
        let config = PagesConfig {
            token_endpoint: None,
            issuer: text("i"),
            audience: text("a"),
            client_id: text("c"),
            cognito: text("u"),
            photos_url: text("https://photos.example.com/"),
        };
        let json = sign_in_attribute(&config).replace("&quot;", "\"");
        assert_eq!(json, r#"{"issuer":"i","audience":"a","clientId":"c","cognito":"u"}"#);
    }
}
