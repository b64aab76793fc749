//! A team: its statuses and businesses, and the rules on them.

pub(super) mod business;
pub(super) mod status;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::normalize::normalize_for_comparison;
use super::{
    Business, BusinessId, BusinessInput, Colour, DomainError, ErrorCode, FieldError, Status, StatusId, StatusInput,
    StatusOrBusiness, StatusOrder, StatusUpdate, ValidationFault,
};

/// Statuses and businesses of a team. The table stores them in one item, so that one conditional write can enforce each
/// rule on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// Version of the team's item. Every write adds one. 0 if the item was never written.
    pub version: u64,
    /// The 1-12 statuses, in the order that the team has chosen.
    pub statuses: Vec<Status>,
    /// The businesses, in ascending order of id; at most 500.
    pub businesses: Vec<Business>,
    last_status: u64,
    last_business: u64,
    /// The statuses and businesses that were deleted last. Lead writes that would still use one of them, because they
    /// read the team before the deletion, are refused.
    #[serde(rename = "closed")]
    retired: Vec<StatusOrBusiness>,
}

/// A team starts with four statuses and no business.
impl Default for Team {
    fn default() -> Self {
        let start = [
            ("New", Colour::Blue),
            ("Contacted", Colour::Salmon),
            ("Qualified", Colour::Green),
            ("Closed", Colour::Gray),
        ];
        let status = |(id, (name, colour)): (u64, (&str, Colour))| {
            StatusId::new(id).map(|id| Status { id, name: name.to_owned(), colour })
        };
        Self {
            version: 0,
            statuses: (1..).zip(start).filter_map(status).collect(),
            businesses: Vec::new(),
            last_status: 4,
            last_business: 0,
            retired: Vec::new(),
        }
    }
}

/// Message of a fault that lists unknown ids or names: `unknown: 7, Acme`.
pub(super) fn unknown_names_message<T: AsRef<str>>(names: &[T]) -> String {
    format!("unknown: {}", names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}

fn is_same_name(one: &str, other: &str) -> bool {
    normalize_for_comparison(one) == normalize_for_comparison(other)
}

impl Team {
    /// Maximum number of statuses of a team.
    pub const MAX_STATUSES: usize = 12;
    /// Maximum number of businesses of a team. So many fit the team's item, which DynamoDB limits to 400 KB.
    pub const MAX_BUSINESSES: usize = 500;
    /// Maximum number of references (statuses and businesses) in `retired`; older ones are dropped. A running request
    /// may have read the team before a deletion. It has ended before 50 more deletions.
    const MAX_RETIRED_REFERENCES: usize = 50;

    /// The status with this id.
    pub fn status(&self, id: StatusId) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == id)
    }

    /// The business with this id.
    pub fn business(&self, id: BusinessId) -> Option<&Business> {
        self.businesses.iter().find(|business| business.id == id)
    }

    /// The business with this name, whatever its case and Unicode form.
    pub fn find_business_by_name(&self, name: &str) -> Option<&Business> {
        let name = normalize_for_comparison(name);
        self.businesses.iter().find(|business| normalize_for_comparison(&business.name) == name)
    }

    /// The id of this status, or of the team's first status if this one was deleted.
    pub fn find_status_or_first(&self, id: StatusId) -> StatusId {
        let first = self.statuses.first().map_or(id, |status| status.id);
        self.status(id).map_or(first, |status| status.id)
    }

    /// The status with this name, whatever its case and Unicode form.
    pub fn find_status_by_name(&self, name: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| is_same_name(&status.name, name))
    }

    /// The faults of a status and of businesses that the team does not have.
    pub(super) fn unknown_reference_faults(
        &self,
        status: Option<StatusId>,
        businesses: Option<&[BusinessId]>,
    ) -> Vec<FieldError> {
        let status = status.filter(|status| self.status(*status).is_none());
        let mut faults: Vec<_> =
            status.map(|_| FieldError::new("statusId", Team::unknown_status_fault())).into_iter().collect();
        let unknown = businesses.into_iter().flatten().filter(|id| self.business(**id).is_none());
        let unknown: Vec<String> = unknown.map(ToString::to_string).collect();
        if !unknown.is_empty() {
            faults.push(FieldError::new(
                "business",
                ErrorCode::UnknownBusiness.with_message(unknown_names_message(&unknown)),
            ));
        }
        faults
    }

    /// The fault of an unknown `statusId`.
    pub fn unknown_status_fault() -> ValidationFault {
        ErrorCode::UnknownStatus.with_message("is not a status of the team")
    }

    /// The last statuses and businesses that were deleted. No lead may be given one of them.
    pub fn retired_references(&self) -> &[StatusOrBusiness] {
        &self.retired
    }

    /// Adds a status at the end of the order.
    ///
    /// # Errors
    /// Fails when another status has the name, or when the team has 12 statuses.
    pub fn add_status(&mut self, input: StatusInput) -> Result<Status, DomainError> {
        self.check_status_name_is_free(&input.name, None)?;
        if self.statuses.len() >= Self::MAX_STATUSES {
            return Err(DomainError::TooManyStatuses);
        }
        self.last_status += 1;
        let id = StatusId::new(self.last_status).ok_or(DomainError::Impossible("status ids are used up"))?;
        let status = Status { id, name: input.name, colour: input.colour };
        self.statuses.push(status.clone());
        Ok(status)
    }

    /// Renames or recolours a status.
    ///
    /// # Errors
    /// Fails when no status has this id, or when another status has the name.
    pub fn update_status(&mut self, id: StatusId, update: StatusUpdate) -> Result<Status, DomainError> {
        if let Some(name) = &update.name {
            self.check_status_name_is_free(name, Some(id))?;
        }
        let found = self.statuses.iter_mut().find(|status| status.id == id);
        let status = found.ok_or(DomainError::UnknownStatus)?;
        status.name = update.name.unwrap_or_else(|| status.name.clone());
        status.colour = update.colour.unwrap_or(status.colour);
        Ok(status.clone())
    }

    /// Removes a status from the team. A condition of the transaction that stores the team checks that no lead has the
    /// status.
    ///
    /// # Errors
    /// Fails when no status has this id, or when it is the team's last status.
    pub fn remove_status(&mut self, id: StatusId) -> Result<(), DomainError> {
        let place = self.statuses.iter().position(|status| status.id == id);
        let place = place.ok_or(DomainError::NoStatusToDelete)?;
        if self.statuses.len() == 1 {
            return Err(DomainError::LastStatus);
        }
        self.statuses.remove(place);
        self.retire_reference(StatusOrBusiness::Status(id));
        Ok(())
    }

    /// Moves statuses to the given places. The other statuses keep their order and fill the other places.
    ///
    /// # Errors
    /// Fails when an id is unknown, or when two statuses were given the same place.
    pub fn reorder_statuses(&mut self, order: &StatusOrder) -> Result<(), DomainError> {
        let wanted: BTreeSet<u64> = order.0.iter().map(|(_, place)| *place).collect();
        if order.0.iter().any(|(id, _)| self.status(*id).is_none()) {
            return Err(DomainError::UnknownStatus);
        }
        if wanted.len() < order.0.len() {
            return Err(DomainError::AmbiguousOrder);
        }
        let place = |status: &Status| order.0.iter().find(|(id, _)| *id == status.id).map(|(_, place)| *place);
        let (mut moved, mut rest): (Vec<_>, Vec<_>) = self.statuses.drain(..).partition(|s| place(s).is_some());
        moved.sort_by_key(place);
        for status in moved {
            let index = place(&status).map_or(rest.len(), |p| usize::try_from(p - 1).unwrap_or(usize::MAX));
            rest.insert(index.min(rest.len()), status);
        }
        self.statuses = rest;
        Ok(())
    }

    /// Adds a business.
    ///
    /// # Errors
    /// Fails when another business has the name, or when the team has 500 businesses.
    pub fn add_business(&mut self, input: BusinessInput) -> Result<Business, DomainError> {
        self.check_business_name_is_free(&input.name, None)?;
        if self.businesses.len() >= Self::MAX_BUSINESSES {
            return Err(DomainError::TooManyBusinesses);
        }
        self.last_business += 1;
        let id = BusinessId::new(self.last_business).ok_or(DomainError::Impossible("business ids are used up"))?;
        let business = Business { id, name: input.name };
        self.businesses.push(business.clone());
        Ok(business)
    }

    /// Adds a business for each name that the team does not have yet, up to the maximum number of businesses.
    pub fn add_businesses(&mut self, names: &[String]) {
        for name in names {
            // Errors are ignored: either the business exists already, or the team has too many businesses, and then the
            // batch reports the rows that name the missing business.
            let _ = self.add_business(BusinessInput { name: name.clone() });
        }
    }

    /// Renames a business.
    ///
    /// # Errors
    /// Fails when no business has this id, or when another business has the name.
    pub fn rename_business(&mut self, id: BusinessId, input: BusinessInput) -> Result<Business, DomainError> {
        let place = self.businesses.iter().position(|b| b.id == id).ok_or(DomainError::UnknownBusiness)?;
        self.check_business_name_is_free(&input.name, Some(id))?;
        self.businesses[place].name = input.name;
        Ok(self.businesses[place].clone())
    }

    /// Removes a business from the team. A condition of the transaction that stores the team checks that no lead
    /// belongs to the business.
    ///
    /// # Errors
    /// Fails when no business has this id.
    pub fn remove_business(&mut self, id: BusinessId) -> Result<(), DomainError> {
        let place = self.businesses.iter().position(|b| b.id == id).ok_or(DomainError::UnknownBusiness)?;
        self.businesses.remove(place);
        self.retire_reference(StatusOrBusiness::Business(id));
        Ok(())
    }

    fn retire_reference(&mut self, reference: StatusOrBusiness) {
        self.retired.push(reference);
        let surplus = self.retired.len().saturating_sub(Self::MAX_RETIRED_REFERENCES);
        self.retired.drain(..surplus);
    }

    fn check_status_name_is_free(&self, name: &str, but: Option<StatusId>) -> Result<(), DomainError> {
        let taken = self.statuses.iter().any(|status| Some(status.id) != but && is_same_name(&status.name, name));
        if taken { Err(DomainError::StatusExists) } else { Ok(()) }
    }

    fn check_business_name_is_free(&self, name: &str, but: Option<BusinessId>) -> Result<(), DomainError> {
        let taken = self.businesses.iter().any(|b| Some(b.id) != but && is_same_name(&b.name, name));
        if taken { Err(DomainError::BusinessExists) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_ids_in_order(team: &Team) -> Vec<u64> {
        team.statuses.iter().map(|status| status.id.get()).collect()
    }

    fn requested_order(places: &[(u64, u64)]) -> StatusOrder {
        StatusOrder(places.iter().filter_map(|(id, place)| Some((StatusId::new(*id)?, *place))).collect())
    }

    #[test]
    fn reordering_moves_given_statuses_and_keeps_the_order_of_others() {
        let mut team = Team::default();
        assert!(team.reorder_statuses(&requested_order(&[(4, 1)])).is_ok());
        assert_eq!(status_ids_in_order(&team), [4, 1, 2, 3]);
        assert!(team.reorder_statuses(&requested_order(&[(1, 4), (3, 1)])).is_ok());
        assert_eq!(status_ids_in_order(&team), [3, 4, 2, 1]);
        assert!(team.reorder_statuses(&requested_order(&[(3, 99)])).is_ok());
        assert_eq!(status_ids_in_order(&team), [4, 2, 1, 3]);
        assert!(team.reorder_statuses(&requested_order(&[(1, 1), (9, 2)])).is_err());
        assert!(team.reorder_statuses(&requested_order(&[(1, 1), (2, 1)])).is_err());
        assert_eq!(status_ids_in_order(&team), [4, 2, 1, 3]);
    }

    #[test]
    fn a_deleted_status_is_retired_and_its_id_is_never_reused() {
        let mut team = Team::default();
        for id in 2..=4 {
            assert!(StatusId::new(id).is_some_and(|id| team.remove_status(id).is_ok()));
        }
        assert!(StatusId::new(1).is_some_and(|id| team.remove_status(id).is_err()), "the last one stays");
        let added = team.add_status(StatusInput { name: "closed".into(), colour: Colour::Blue });
        assert_eq!(added.map(|status| status.id.get()).ok(), Some(5));
        assert_eq!(team.retired_references().len(), 3);
    }
}
