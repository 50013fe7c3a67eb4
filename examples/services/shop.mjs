// A shop of ten lines behind the door: `npm install express socket.io`, then `node shop.mjs`.
import { createServer } from "node:http";
import express from "express";
import { Server } from "socket.io";

const app = express();
app.get("/prices", (request, response) => response.json({ potion: 5 }));
app.get("/cart", (request, response) => response.json({ owner: request.get("x-user-id"), items: [] }));
const http = createServer(app);
new Server(http).on("connection", (socket) => {
  socket.on("buy", (item, answer) => answer({ item, buyer: socket.handshake.auth.userId }));
});
http.listen(process.env.PORT ?? 5000, "127.0.0.1", () => console.log(`the shop is open on ${http.address().port}`));
