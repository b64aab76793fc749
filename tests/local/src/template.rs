//! Reader of `template.yaml`: routes, table, queues, policies and environments.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};
use serde_yaml_ng::Value;

use crate::permissions::Permission;

const TEMPLATE_YAML: &str = include_str!("../../../template.yaml");

/// A route of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiRoute {
    /// HTTP method, for example `GET`.
    pub method: String,
    /// Path pattern, for example `/leads/{id}`.
    pub path: String,
    /// Logical id of the function that serves the route.
    pub function: String,
    /// Name of the route's event in the template.
    pub name: String,
    /// Whether the route needs no token.
    pub public: bool,
}

impl ApiRoute {
    /// Name of the route's sample event in `events/`, for example `leads-change-status`.
    pub fn sample_event_name(&self) -> String {
        let function = self.function.trim_end_matches("Function").to_lowercase();
        let dashed = |name: String, letter: char| {
            let dash = if letter.is_uppercase() { "-" } else { "" };
            name + dash + &letter.to_lowercase().to_string()
        };
        self.name.chars().fold(function, dashed)
    }

    /// Reads the route's sample event from `events/`.
    ///
    /// # Errors
    /// If the file does not exist, or is not JSON.
    pub fn read_sample(&self) -> Result<serde_json::Value> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../events")
            .join(format!("{}.json", self.sample_event_name()));
        let text = std::fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// Properties of an SQS queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueProperties {
    /// Visibility timeout.
    pub visibility: Duration,
    /// Number of times that a message may be received before it moves to the dead-letter queue.
    pub most_receives: Option<u32>,
    /// Logical id of the dead-letter queue.
    pub dead_letters: Option<String>,
}

/// An event source mapping: a queue, or the table's stream, that invokes a function.
#[derive(Clone, Debug)]
pub(crate) struct EventSource {
    /// Logical id of the function that the event source invokes.
    pub function: String,
    /// Logical id of the queue. `None` if the event source is the table's stream.
    pub queue: Option<String>,
    /// `BatchSize`: maximum number of records of one invocation.
    pub batch: usize,
    /// `MaximumConcurrency`: maximum number of concurrent invocations.
    pub at_once: usize,
    /// `FilterCriteria`: the patterns of the records that invoke the function.
    pub filters: Vec<serde_json::Value>,
    /// Whether the function has `RecursiveLoop: Allow`, which switches loop detection off.
    pub allows_loops: bool,
}

/// CORS configuration of the HTTP API.
#[derive(Clone, Debug)]
pub(crate) struct CorsSettings {
    pub origins: Vec<String>,
    pub methods: String,
    pub headers: String,
    pub exposed: String,
    pub max_age: String,
}

/// The parsed `template.yaml`.
#[derive(Clone, Debug)]
pub struct SamTemplate(Arc<Value>);

fn string_items(value: &Value) -> Vec<String> {
    value.as_sequence().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn required_string(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).with_context(|| format!("{value:?} is not text"))
}

impl SamTemplate {
    /// Returns the `template.yaml` that was compiled in. The first call parses it.
    pub fn compiled_in() -> Result<Self> {
        static PARSED: OnceLock<SamTemplate> = OnceLock::new();
        if let Some(parsed) = PARSED.get() {
            return Ok(parsed.clone());
        }
        let parsed = Self(Arc::new(serde_yaml_ng::from_str(TEMPLATE_YAML)?));
        Ok(PARSED.get_or_init(|| parsed).clone())
    }

    fn resources_of_type(&self, kind: &str) -> impl Iterator<Item = (String, &Value)> {
        let resources = self.0["Resources"].as_mapping().into_iter().flatten();
        let named = resources.filter_map(|(name, resource)| Some((name.as_str()?.to_owned(), resource)));
        named.filter(move |(_, resource)| resource["Type"].as_str() == Some(kind))
    }

    /// All routes of the HTTP API.
    pub fn api_routes(&self) -> Vec<ApiRoute> {
        let mut routes = Vec::new();
        for (function, resource) in self.resources_of_type("AWS::Serverless::Function") {
            let events = resource["Properties"]["Events"].as_mapping().into_iter().flatten();
            for (name, event) in events.filter(|(_, event)| event["Type"].as_str() == Some("HttpApi")) {
                let property = |name: &str| event["Properties"][name].as_str().map(str::to_owned);
                if let (Some(method), Some(path)) = (property("Method"), property("Path")) {
                    let name = name.as_str().unwrap_or_default().to_owned();
                    let public = event["Properties"]["Auth"]["Authorizer"].as_str() == Some("NONE");
                    routes.push(ApiRoute { method, path, function: function.clone(), name, public });
                }
            }
        }
        routes
    }

    /// Body of the sample event of a route such as `POST /leads`. `None` if the body is not JSON.
    ///
    /// # Errors
    /// If the template has no such route, or if the sample event cannot be read.
    pub fn sample_body(&self, route: &str) -> Result<Option<serde_json::Value>> {
        let is_it = |other: &ApiRoute| format!("{} {}", other.method, other.path) == route;
        let route =
            self.api_routes().into_iter().find(is_it).with_context(|| format!("the template has no {route}"))?;
        let event = route.read_sample()?;
        Ok(event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()))
    }

    /// Logical ids of the functions that a schedule invokes.
    pub(crate) fn scheduled_functions(&self) -> Vec<String> {
        let events = |resource: &Value| resource["Properties"]["Events"].as_mapping().cloned().unwrap_or_default();
        let scheduled = |(_, resource): &(String, &Value)| {
            events(resource).values().any(|event| event["Type"].as_str() == Some("Schedule"))
        };
        self.resources_of_type("AWS::Serverless::Function").filter(scheduled).map(|(function, _)| function).collect()
    }

    /// Properties of the SQS queues, by logical id.
    pub(crate) fn queue_properties(&self) -> HashMap<String, QueueProperties> {
        let queue = |(name, resource): (String, &Value)| {
            let properties = &resource["Properties"];
            let redrive = &properties["RedrivePolicy"];
            let most_receives = redrive["maxReceiveCount"].as_u64().and_then(|most| u32::try_from(most).ok());
            let visibility = Duration::from_secs(properties["VisibilityTimeout"].as_u64().unwrap_or(30));
            let dead_letters = logical_id(&redrive["deadLetterTargetArn"]);
            (name, QueueProperties { visibility, most_receives, dead_letters })
        };
        self.resources_of_type("AWS::SQS::Queue").map(queue).collect()
    }

    /// The event source mappings of the table's stream and of the queues.
    pub(crate) fn event_sources(&self) -> Result<Vec<EventSource>> {
        let source = |(name, resource): (String, &Value)| {
            let properties = &resource["Properties"];
            let filters = properties["FilterCriteria"]["Filters"].as_sequence().into_iter().flatten();
            let filters = filters.map(|filter| Ok(serde_json::from_str(&required_string(&filter["Pattern"])?)?));
            let function =
                logical_id(&properties["FunctionName"]).with_context(|| format!("{name} has no function"))?;
            let source = logical_id(&properties["EventSourceArn"]).with_context(|| format!("{name} has no source"))?;
            let size = |value: &Value| value.as_u64().and_then(|size| usize::try_from(size).ok());
            let allows_loops =
                self.0["Resources"][function.as_str()]["Properties"]["RecursiveLoop"].as_str() == Some("Allow");
            Ok(EventSource {
                function,
                queue: Some(source).filter(|source| source != "Table"),
                batch: size(&properties["BatchSize"]).with_context(|| format!("{name} has no size of batches"))?,
                at_once: size(&properties["ScalingConfig"]["MaximumConcurrency"]).unwrap_or(1),
                filters: filters.collect::<Result<_>>()?,
                allows_loops,
            })
        };
        self.resources_of_type("AWS::Lambda::EventSourceMapping").map(source).collect()
    }

    /// The permissions that a function's policy allows.
    pub fn allowed_permissions(&self, function: &str) -> Result<Vec<Permission>> {
        let mut policy = Vec::new();
        let policies = self.0["Resources"][function]["Properties"]["Policies"].as_sequence();
        let statements = policies.into_iter().flatten().flat_map(|policy| policy["Statement"].as_sequence()).flatten();
        for statement in statements.filter(|statement| statement["Effect"].as_str() == Some("Allow")) {
            let each = |value: &Value| value.as_sequence().cloned().unwrap_or_else(|| vec![value.clone()]);
            for (action, resource) in each(&statement["Action"]).iter().flat_map(|action| {
                each(&statement["Resource"]).into_iter().map(move |resource| (action.clone(), resource))
            }) {
                // The template writes a resource as `!GetAtt Table.Arn` or `!Sub ${Table.Arn}/index/*`.
                let Value::Tagged(resource) = resource else { bail!("{function} names a resource outside the stack") };
                let resource =
                    required_string(&resource.value)?.replace("${", "").replace(".Arn}", "").replace(".Arn", "");
                policy.push(Permission { action: required_string(&action)?, resource });
            }
        }
        Ok(policy)
    }

    fn http_api_properties(&self) -> Result<&Value> {
        let (_, api) =
            self.resources_of_type("AWS::Serverless::HttpApi").next().context("the template has no HttpApi")?;
        Ok(&api["Properties"])
    }

    /// Logical id of the authorizer function, and the number of seconds for which the gateway caches its decisions.
    pub(crate) fn authorizer_function(&self) -> Result<(String, u64)> {
        let auth = &self.http_api_properties()?["Auth"];
        let name = required_string(&auth["DefaultAuthorizer"])?;
        let authorizer = &auth["Authorizers"][name.as_str()];
        let Value::Tagged(function) = &authorizer["FunctionArn"] else { bail!("the authorizer has no FunctionArn") };
        let function = required_string(&function.value)?.trim_end_matches(".Arn").to_owned();
        Ok((function, authorizer["Identity"]["ReauthorizeEvery"].as_u64().unwrap_or(0)))
    }

    pub(crate) fn cors_settings(&self, references: &HashMap<String, String>) -> Result<CorsSettings> {
        let cors = &self.http_api_properties()?["CorsConfiguration"];
        let origins = self.resolve_intrinsic(&cors["AllowOrigins"], references)?;
        Ok(CorsSettings {
            origins: origins.split(',').map(|origin| origin.trim().to_owned()).collect(),
            methods: string_items(&cors["AllowMethods"]).join(","),
            headers: string_items(&cors["AllowHeaders"]).join(","),
            exposed: string_items(&cors["ExposeHeaders"]).join(","),
            max_age: cors["MaxAge"].as_u64().unwrap_or(0).to_string(),
        })
    }

    /// Timeout of a function in seconds. `None` if the function declares no timeout.
    pub(crate) fn function_timeout_seconds(&self, function: &str) -> Option<u64> {
        self.0["Resources"][function]["Properties"]["Timeout"].as_u64()
    }

    /// Default timeout of functions, in seconds.
    pub(crate) fn default_timeout_seconds(&self) -> Result<u64> {
        self.0["Globals"]["Function"]["Timeout"].as_u64().context("the functions have no timeout")
    }

    /// CORS origins that may read the bucket's objects, separated by commas.
    pub(crate) fn bucket_origins(&self, references: &HashMap<String, String>) -> Result<String> {
        let rules = &self.0["Resources"]["Bucket"]["Properties"]["CorsConfiguration"]["CorsRules"];
        self.resolve_intrinsic(&rules[0]["AllowedOrigins"], references)
    }

    /// Environment variables of a function, with references to resources and parameters resolved.
    pub(crate) fn function_environment(
        &self,
        function: &str,
        references: &HashMap<String, String>,
    ) -> Result<HashMap<String, String>> {
        let of = |properties: &Value| properties["Environment"]["Variables"].as_mapping().cloned().unwrap_or_default();
        let every = of(&self.0["Globals"]["Function"]);
        let own = of(&self.0["Resources"][function]["Properties"]);
        let variables = every.iter().chain(&own);
        variables
            .map(|(name, value)| Ok((required_string(name)?, self.resolve_intrinsic(value, references)?)))
            .collect()
    }

    fn resolve_intrinsic(&self, value: &Value, references: &HashMap<String, String>) -> Result<String> {
        let Value::Tagged(tagged) = value else { return required_string(value) };
        let of = &tagged.value;
        if tagged.tag == "Ref" {
            self.resolve_reference(&required_string(of)?, references)
        } else if tagged.tag == "If" {
            let holds = self.is_condition_true(&self.0["Conditions"][required_string(&of[0])?.as_str()], references)?;
            self.resolve_intrinsic(&of[if holds { 1 } else { 2 }], references)
        } else if tagged.tag == "Sub" {
            let mut resolved = required_string(of)?;
            while let Some((start, end)) = resolved.find("${").and_then(|at| Some((at, at + resolved[at..].find('}')?)))
            {
                let value = self.resolve_reference(&resolved[start + 2..end], references)?;
                resolved.replace_range(start..=end, &value);
            }
            Ok(resolved)
        } else {
            bail!("{} is not resolved here", tagged.tag);
        }
    }

    fn resolve_reference(&self, name: &str, references: &HashMap<String, String>) -> Result<String> {
        let default = || self.0["Parameters"][name]["Default"].as_str().map(str::to_owned);
        references.get(name).cloned().or_else(default).with_context(|| format!("nothing is known of {name}"))
    }

    fn is_condition_true(&self, condition: &Value, references: &HashMap<String, String>) -> Result<bool> {
        match condition {
            Value::Tagged(tagged) if tagged.tag == "Equals" => Ok(self
                .resolve_intrinsic(&tagged.value[0], references)?
                == self.resolve_intrinsic(&tagged.value[1], references)?),
            Value::Tagged(tagged) if tagged.tag == "Not" => Ok(!self.is_condition_true(&tagged.value[0], references)?),
            other => bail!("{other:?} is not a condition that is known here"),
        }
    }

    /// Name of the table's TTL attribute.
    pub(crate) fn ttl_attribute_name(&self) -> Result<String> {
        required_string(&self.0["Resources"]["Table"]["Properties"]["TimeToLiveSpecification"]["AttributeName"])
    }

    /// Stream specification of the table.
    pub(crate) fn stream_specification(&self) -> Result<StreamSpecification> {
        let stream = &self.0["Resources"]["Table"]["Properties"]["StreamSpecification"];
        let view = StreamViewType::from(required_string(&stream["StreamViewType"])?.as_str());
        Ok(StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build()?)
    }

    /// Adds the table's keys, indexes and billing mode to a CreateTable request.
    pub(crate) fn with_table_schema(&self, mut request: CreateTableFluentBuilder) -> Result<CreateTableFluentBuilder> {
        let table = &self.0["Resources"]["Table"]["Properties"];
        for attribute in table["AttributeDefinitions"].as_sequence().context("no attributes")? {
            let kind = ScalarAttributeType::from(required_string(&attribute["AttributeType"])?.as_str());
            let name = required_string(&attribute["AttributeName"])?;
            request = request.attribute_definitions(
                AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()?,
            );
        }
        for index in table["GlobalSecondaryIndexes"].as_sequence().context("no indexes")? {
            let projection = &index["Projection"];
            let projection = Projection::builder()
                .projection_type(ProjectionType::from(required_string(&projection["ProjectionType"])?.as_str()))
                .set_non_key_attributes(
                    Some(string_items(&projection["NonKeyAttributes"])).filter(|names| !names.is_empty()),
                )
                .build();
            let index = GlobalSecondaryIndex::builder()
                .index_name(required_string(&index["IndexName"])?)
                .set_key_schema(Some(key_schema(&index["KeySchema"])?))
                .projection(projection);
            request = request.global_secondary_indexes(index.build()?);
        }
        let mode = BillingMode::from(required_string(&table["BillingMode"])?.as_str());
        Ok(request.set_key_schema(Some(key_schema(&table["KeySchema"])?)).billing_mode(mode))
    }
}

/// The logical id in a value such as `!Ref Queue` or `!GetAtt Queue.Arn`.
fn logical_id(value: &Value) -> Option<String> {
    let Value::Tagged(tagged) = value else { return None };
    Some(tagged.value.as_str()?.split('.').next()?.to_owned())
}

fn key_schema(value: &Value) -> Result<Vec<KeySchemaElement>> {
    let element = |element: &Value| {
        let kind = KeyType::from(required_string(&element["KeyType"])?.as_str());
        let name = required_string(&element["AttributeName"])?;
        Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?)
    };
    value.as_sequence().context("no key schema")?.iter().map(element).collect()
}
