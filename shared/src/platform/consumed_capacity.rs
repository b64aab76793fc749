//! Measures the cost of an API request in DynamoDB (round trips, capacity units, retries) for the request's log line.
//! An interceptor reads the numbers from the SDK's calls.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_types::config_bag::{Storable, StoreReplace};

tokio::task_local! {
    static REQUEST_COST: Mutex<DynamoDbCost>;
}

/// Cost of an API request in DynamoDB: round trips, capacity units and retries.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DynamoDbCost {
    /// Number of round trips to DynamoDB one after another. Concurrent calls count as one round trip.
    pub trips: u32,
    /// Consumed read capacity units.
    pub read_units: f64,
    /// Consumed write capacity units, including those of secondary indexes.
    pub write_units: f64,
    /// Number of retries: DynamoDB calls that the SDK repeats, and DynamoDB and SQS requests that this crate repeats
    /// itself.
    pub retries: u32,
}

/// Number of the round trip that a DynamoDB call belongs to, counted from 1. Concurrent calls have the same number.
#[derive(Debug)]
struct RoundTrip(u32);

impl Storable for RoundTrip {
    type Storer = StoreReplace<Self>;
}

/// Runs an API request, and returns its output and its cost in DynamoDB.
pub async fn measure_cost<F: Future>(request: F) -> (F::Output, DynamoDbCost) {
    let counted = async {
        let output = request.await;
        (output, REQUEST_COST.with(|cost| *lock_cost(cost)))
    };
    REQUEST_COST.scope(Mutex::default(), counted).await
}

/// Adds a retry to the cost of the current request.
pub(crate) fn count_retry() {
    change_request_cost(|cost| cost.retries += 1);
}

/// Changes the cost of the API request that the current task runs. Does nothing outside of [`measure_cost`].
fn change_request_cost(what: impl FnOnce(&mut DynamoDbCost)) {
    REQUEST_COST.try_with(|cost| what(&mut lock_cost(cost))).ok();
}

fn lock_cost(cost: &Mutex<DynamoDbCost>) -> MutexGuard<'_, DynamoDbCost> {
    cost.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SDK interceptor that adds the round trip, the capacity units and the retries of each DynamoDB call to the request's
/// cost.
#[derive(Debug)]
pub struct CapacityMeter;

impl Intercept for CapacityMeter {
    fn name(&self) -> &'static str {
        "CapacityMeter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut();
        macro_rules! ask {
            ($($input:ty),*) => { $(
                if let Some(input) = input.downcast_mut::<$input>() {
                    input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
                }
            )* };
        }
        ask!(GetItemInput, BatchGetItemInput, QueryInput, PutItemInput, UpdateItemInput, DeleteItemInput);
        ask!(TransactWriteItemsInput, BatchWriteItemInput);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = context.request().headers().get("amz-sdk-request").unwrap_or_default();
        let again = !attempt.starts_with("attempt=1;");
        change_request_cost(|cost| {
            cost.retries += u32::from(again);
            state.interceptor_state().store_put(RoundTrip(cost.trips + 1));
        });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        change_request_cost(|cost| {
            cost.trips = cost.trips.max(state.load::<RoundTrip>().map_or(0, |trip| trip.0));
            let Some(Ok(output)) = context.output_or_error() else { return };
            macro_rules! add {
                ($units:ident, $each:expr, $($output:ty),*) => { $(
                    if let Some(output) = output.downcast_ref::<$output>() {
                        cost.$units += $each(&output.consumed_capacity);
                    }
                )* };
            }
            add!(read_units, consumed_units, GetItemOutput, QueryOutput);
            add!(read_units, consumed_units_sum, BatchGetItemOutput);
            add!(write_units, consumed_units, PutItemOutput, UpdateItemOutput, DeleteItemOutput);
            add!(write_units, consumed_units_sum, TransactWriteItemsOutput, BatchWriteItemOutput);
        });
        Ok(())
    }
}

fn consumed_units(consumed: &Option<ConsumedCapacity>) -> f64 {
    consumed.as_ref().and_then(ConsumedCapacity::capacity_units).unwrap_or_default()
}

fn consumed_units_sum(consumed: &Option<Vec<ConsumedCapacity>>) -> f64 {
    consumed.iter().flatten().filter_map(ConsumedCapacity::capacity_units).sum()
}
