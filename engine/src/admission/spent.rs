//! Tickets that will never admit again.

use std::collections::{HashMap, VecDeque};

use realmgate_protocol::ids::TicketId;

use super::TicketRefusal;

/// How many tickets are remembered. A forgotten one is still not expected: it would have to be announced again.
const REMEMBERED: usize = 16_384;

/// The most recently spent tickets, and why each was spent.
#[derive(Debug, Default)]
pub(super) struct SpentTickets {
    reasons: HashMap<TicketId, TicketRefusal>,
    oldest_first: VecDeque<TicketId>,
}

impl SpentTickets {
    pub(super) fn add(&mut self, ticket: TicketId, why: TicketRefusal) {
        if self.reasons.insert(ticket, why).is_some() {
            return;
        }
        self.oldest_first.push_back(ticket);
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.reasons.remove(&oldest);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.oldest_first.len()
    }

    pub(super) fn why(&self, ticket: TicketId) -> Option<TicketRefusal> {
        self.reasons.get(&ticket).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let mut spent = SpentTickets::default();
        for ticket in 0..REMEMBERED as u64 + 10 {
            spent.add(TicketId(ticket), TicketRefusal::Reused);
            // Told again, it counts once.
            spent.add(TicketId(ticket), TicketRefusal::Reused);
        }
        assert_eq!((spent.reasons.len(), spent.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(spent.why(TicketId(9)), None);
        assert_eq!(spent.why(TicketId(10)), Some(TicketRefusal::Reused));
    }
}
