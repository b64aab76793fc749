//! The API's contract: an OpenAPI 3.1 document, which `cargo contract` generates from the same declarations that
//! validate requests. [`CompiledContract`] checks the requests and responses of tests against the document.

mod check;
mod console_values;
mod describe;
mod document;
mod operation;
mod operations;

pub use check::{CompiledContract, HttpExchange};
pub use console_values::console_values;
pub use document::openapi_document;

/// Path of the OpenAPI document's file, relative to the folder of this crate.
pub const OPENAPI_PATH: &str = "../../functions/pages/openapi.json";
/// Path of the console's generated constants, relative to the folder of this crate.
pub const CONSOLE_VALUES_PATH: &str = "../../functions/pages/ui/console/app/contract-values.ts";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use anyhow::{Context as _, Result};
    use local::SamTemplate;
    use serde_json::Value;
    use shared::api::CSV_COLUMNS;

    use super::{console_values, openapi_document};

    /// Read-only fields of a lead. Requests may contain these fields, so that a client can send a lead back as it was
    /// read, but they change nothing.
    const READ_ONLY_LEAD_FIELDS: [&str; 7] =
        ["id", "status", "archived", "createdAt", "updatedAt", "photoUrl", "attribution"];

    #[test]
    fn the_checked_in_openapi_document_is_up_to_date() -> Result<()> {
        let checked_in: Value = serde_json::from_str(include_str!("../../../functions/pages/openapi.json"))?;
        assert!(checked_in == openapi_document()?, "run `cargo contract` and read the diff");
        Ok(())
    }

    #[test]
    fn the_consoles_constants_are_up_to_date() -> Result<()> {
        let checked_in = include_str!("../../../functions/pages/ui/console/app/contract-values.ts");
        assert!(checked_in == console_values()?, "run `cargo contract` and read the diff");
        Ok(())
    }

    #[test]
    fn the_openapi_document_has_exactly_the_templates_routes() -> Result<()> {
        let document = openapi_document()?;
        let paths = document["paths"].as_object().context("no paths")?;
        let described = paths.iter().flat_map(|(path, operations)| {
            let methods = operations.as_object().into_iter().flatten();
            methods.map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
        });
        let declared = SamTemplate::compiled_in()?
            .api_routes()
            .into_iter()
            .map(|route| format!("{} {}", route.method, route.path));
        assert_eq!(described.collect::<BTreeSet<_>>(), declared.collect());
        Ok(())
    }

    /// Requests, responses and the export have the same fields of a lead; only `photoUrl` and `version` are not
    /// exported. The test fails if a new field is forgotten in one of them.
    #[test]
    fn requests_responses_and_export_have_the_same_lead_fields() -> Result<()> {
        let document = openapi_document()?;
        let fields = |schema: &str| -> BTreeSet<String> {
            let properties = document["components"]["schemas"][schema]["properties"].as_object();
            properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
        };
        let lead = document["components"]["schemas"]["Lead"]["properties"].as_object().context("no lead")?;
        for (name, schema) in lead {
            assert!(schema.get("description").is_some() || schema.get("$ref").is_some(), "{name} is not described");
        }
        let read = fields("Lead");
        for name in READ_ONLY_LEAD_FIELDS {
            assert!(read.contains(name), "{name}");
        }
        let exported: BTreeSet<String> =
            CSV_COLUMNS.iter().filter_map(|column| column.split('.').next()).map(str::to_owned).collect();
        // The export leaves out `photoUrl`, which expires in minutes, and `version`, which has no meaning in a file.
        let not_exported = ["photoUrl", "version"];
        let expected: BTreeSet<String> =
            read.iter().filter(|name| !not_exported.contains(&name.as_str())).cloned().collect();
        assert_eq!(exported, expected);
        for request in ["NewLead", "LeadUpdate", "LeadMerge"] {
            assert_eq!(fields(request), read, "{request}");
        }
        Ok(())
    }
}
