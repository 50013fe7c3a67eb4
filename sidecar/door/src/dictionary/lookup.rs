//! Which service a request or a socket is for.

use std::collections::HashSet;

use axum::http::HeaderName;

use super::address::below;
use super::{Dictionary, Service, claims};

impl Dictionary {
    /// The service of a request's path, without a query, and what follows the service's own path: it is empty or begins
    /// with a slash. Of nested services, such as `/shop` and `/shop/admin`, the one with the longest path is returned.
    pub fn at_path<'p>(&self, path: &'p str) -> Option<(&Service, &'p str)> {
        let fitting =
            self.services.iter().filter_map(|service| Some((service, below(path, service.path.as_deref()?)?)));
        fitting.min_by_key(|(_, rest)| rest.len())
    }

    /// The service of a Socket.IO namespace at the door.
    pub fn of_namespace(&self, namespace: &str) -> Option<&Service> {
        let has_it =
            |service: &&Service| service.socket_io.as_ref().is_some_and(|server| server.namespace == namespace);
        self.services.iter().find(has_it)
    }

    /// All headers that say who the user is, at any service, and `x-user-id`. No client may set one of them. The names
    /// have letters, digits and hyphens only.
    pub fn identity_headers(&self) -> HashSet<HeaderName> {
        let claims = self.services.iter().flat_map(|service| &service.claims);
        claims.map(|(_, header)| header.clone()).chain([claims::USER_ID]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::service;
    use super::super::{Claim, SocketIo};
    use super::*;

    fn at(path: Option<&str>) -> Service {
        Service { path: path.map(str::to_owned), ..service("any") }
    }

    #[test]
    fn the_longest_path_at_a_segment_boundary_is_chosen() {
        let services = vec![at(Some("/shop")), at(Some("/shop/admin")), at(None), at(Some("/a/b/c"))];
        let dictionary = Dictionary { services };
        for (path, found) in [
            ("/shop", Some(("/shop", ""))),
            ("/shop/", Some(("/shop", "/"))),
            ("/shop/cart/1", Some(("/shop", "/cart/1"))),
            ("/shop/admin", Some(("/shop/admin", ""))),
            ("/shop/admin/x", Some(("/shop/admin", "/x"))),
            ("/shop/administrator", Some(("/shop", "/administrator"))),
            ("/shopping", None),
            ("/Shop", None),
            ("/a/b", None),
            ("/a/b/c/", Some(("/a/b/c", "/"))),
            ("/", None),
            ("", None),
        ] {
            let got = dictionary.at_path(path).map(|(service, rest)| (service.path.as_deref().unwrap(), rest));
            assert_eq!(got, found, "{path}");
        }
    }

    #[test]
    fn a_namespace_belongs_to_its_service() {
        let socket_io = |namespace: &str| SocketIo {
            namespace: namespace.to_owned(),
            service_namespace: "/".to_owned(),
            path: "/socket.io/".to_owned(),
        };
        let with = |name: &str, namespace: &str| Service { socket_io: Some(socket_io(namespace)), ..service(name) };
        let dictionary = Dictionary { services: vec![at(Some("/shop")), with("shop", "/shop"), with("main", "/")] };
        let name_of = |namespace: &str| dictionary.of_namespace(namespace).map(|service| service.name.as_str());
        assert_eq!(["/shop", "/", "/shop/x", ""].map(name_of), [Some("shop"), Some("main"), None, None]);
    }

    #[test]
    fn identity_headers_are_those_of_all_services_and_the_user_id() {
        let header = HeaderName::from_static;
        let claims = vec![(Claim::Role, header("x-role")), (Claim::Session, header("x-login"))];
        let dictionary = Dictionary { services: vec![Service { claims, ..service("shop") }, service("forum")] };
        let expected = ["x-role", "x-login", "x-user-id"].map(header).into_iter().collect();
        assert_eq!(dictionary.identity_headers(), expected);
        assert_eq!(Dictionary::default().identity_headers(), HashSet::from([header("x-user-id")]));
    }
}
