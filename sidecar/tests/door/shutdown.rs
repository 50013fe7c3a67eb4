//! What ends with the process of the door.

use realmgate_platform::testing::soon;

use crate::place::{Place, Socket, entry};
use crate::service::Service;

#[tokio::test]
async fn streams_and_sockets_end_with_the_door() {
    let service = Service::start();
    let place = Place::new(&entry("shop", &service.url(), "http = \"open\"\nsockets = \"open\"")).await;
    let token = place.user("ann").await.access;
    let mut streams = Vec::new();
    for call in [place.get("/shop/events"), place.get("/shop/events").bearer_auth(&token)] {
        let mut events = soon("the answer", call.send()).await.unwrap();
        soon("an event", events.chunk()).await.unwrap();
        streams.push(events);
    }
    let mut socket = Socket::open(place.addr(), "/shop/socket", &token).await;
    socket.text().await;
    let ended = async {
        for mut events in streams {
            assert!(soon("the end of the stream", events.chunk()).await.is_err());
        }
        assert_eq!(socket.next().await, None);
    };
    tokio::join!(place.realm.restarted_with(|_| {}), ended);
}
