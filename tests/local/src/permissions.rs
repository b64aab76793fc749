//! Records the AWS actions that each function performs, to compare them with the function's policy in `template.yaml`.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_s3::operation::copy_object::CopyObjectInput;
use aws_sdk_s3::operation::delete_objects::DeleteObjectsInput;
use aws_sdk_s3::operation::get_object::GetObjectInput;
use aws_sdk_s3::operation::put_object::PutObjectInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;

/// An AWS action on a resource, for example `dynamodb:Query` on `Table/index/leads-by-status` or `s3:PutObject` on
/// `Bucket/uploads/...`. The resource of a policy may contain `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// IAM name of the action, for example `dynamodb:Query`.
    pub action: String,
    /// The resource, which starts with its logical id in the template.
    pub resource: String,
}

impl Permission {
    fn new(action: &str, resource: impl Into<String>) -> Self {
        Self { action: action.to_owned(), resource: resource.into() }
    }

    /// Whether this permission of a policy covers the action and the resource of `used`.
    pub fn covers_use(&self, used: &Self) -> bool {
        let fits = match self.resource.split_once('*') {
            Some((start, end)) => used.resource.starts_with(start) && used.resource.ends_with(end),
            None => self.resource == used.resource,
        };
        self.action == used.action && fits
    }
}

/// The permissions that the functions of a stack have used so far.
#[derive(Clone, Debug, Default)]
pub struct UsedPermissions(Arc<Mutex<BTreeSet<(String, Permission)>>>);

impl UsedPermissions {
    /// All used permissions, each with the logical id of the function.
    pub fn all_used(&self) -> BTreeSet<(String, Permission)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records actions that Lambda performs with a function's role to read an event source.
    pub(crate) fn record_actions(&self, function: &str, service: &str, actions: &[&str], resource: &str) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let action = |action: &&str| Permission::new(&format!("{service}:{action}"), resource);
        used.extend(actions.iter().map(|name| (function.to_owned(), action(name))));
    }

    /// Creates an SDK interceptor that records the AWS actions of a function's client.
    pub(crate) fn of(&self, function: &str) -> PermissionRecorder {
        PermissionRecorder { function: function.to_owned(), usage: self.clone() }
    }
}

/// SDK interceptor that records the AWS actions of one function's client.
#[derive(Clone, Debug)]
pub(crate) struct PermissionRecorder {
    function: String,
    usage: UsedPermissions,
}

impl Intercept for PermissionRecorder {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let used = needed_permissions(context);
        let mut usage = self.usage.0.lock().unwrap_or_else(PoisonError::into_inner);
        usage.extend(used.into_iter().map(|permission| (self.function.clone(), permission)));
        Ok(())
    }
}

/// The permissions that an SDK request needs.
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>
fn needed_permissions(context: &BeforeSerializationInterceptorContextRef<'_>) -> Vec<Permission> {
    let input = context.input();
    let table = |action: &str| vec![Permission::new(action, "Table")];
    let object =
        |action: &str, key: Option<&str>| Permission::new(action, format!("Bucket/{}", key.unwrap_or_default()));
    if input.downcast_ref::<GetItemInput>().is_some() {
        return table("dynamodb:GetItem");
    }
    if input.downcast_ref::<BatchGetItemInput>().is_some() {
        return table("dynamodb:BatchGetItem");
    }
    if let Some(query) = input.downcast_ref::<QueryInput>() {
        let resource = query.index_name().map_or_else(|| "Table".to_owned(), |index| format!("Table/index/{index}"));
        return vec![Permission::new("dynamodb:Query", resource)];
    }
    if input.downcast_ref::<PutItemInput>().is_some() {
        return table("dynamodb:PutItem");
    }
    if input.downcast_ref::<UpdateItemInput>().is_some() {
        return table("dynamodb:UpdateItem");
    }
    if input.downcast_ref::<DeleteItemInput>().is_some() {
        return table("dynamodb:DeleteItem");
    }
    if input.downcast_ref::<BatchWriteItemInput>().is_some() {
        return table("dynamodb:BatchWriteItem");
    }
    if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
        let action = |item: &aws_sdk_dynamodb::types::TransactWriteItem| match item {
            item if item.put().is_some() => "dynamodb:PutItem",
            item if item.update().is_some() => "dynamodb:UpdateItem",
            item if item.delete().is_some() => "dynamodb:DeleteItem",
            _ => "dynamodb:ConditionCheckItem",
        };
        return transaction.transact_items().iter().flat_map(|item| table(action(item))).collect();
    }
    if let Some(put) = input.downcast_ref::<PutObjectInput>() {
        return vec![object("s3:PutObject", put.key())];
    }
    if let Some(get) = input.downcast_ref::<GetObjectInput>() {
        return vec![object("s3:GetObject", get.key())];
    }
    if let Some(copy) = input.downcast_ref::<CopyObjectInput>() {
        let source = copy.copy_source().and_then(|source| source.split_once('/')).map(|(_, key)| key);
        // S3 answers 404 for a missing source of a copy if the caller may list the bucket, and otherwise 403.
        let list = Permission::new("s3:ListBucket", "Bucket");
        return vec![object("s3:GetObject", source), object("s3:PutObject", copy.key()), list];
    }
    if let Some(delete) = input.downcast_ref::<DeleteObjectsInput>() {
        let objects = delete.delete().map(|delete| delete.objects()).unwrap_or_default();
        return objects.iter().map(|each| object("s3:DeleteObject", Some(each.key()))).collect();
    }
    let queue = |url: Option<&str>| url.and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
    if let Some(send) = input.downcast_ref::<SendMessageBatchInput>() {
        return vec![Permission::new("sqs:SendMessage", queue(send.queue_url()))];
    }
    vec![Permission::new("unknown", format!("{input:?}"))]
}
