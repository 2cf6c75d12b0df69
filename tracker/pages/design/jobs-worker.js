// The service worker of the installers' pages: keeps the shell for good and the jobs of the day for the day, and
// sends what waits when the signal comes back, also with the page closed.

import { ExpirationPlugin } from "workbox-expiration";
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { registerRoute, setCatchHandler } from "workbox-routing";
import { NetworkFirst } from "workbox-strategies";
import { CACHES, send } from "./jobs-queue.js";

const OFFLINE = "/jobs/offline";
const KEPT_AT = "x-kept-at";
const PAGE = /^\/jobs(\/QY[A-Z0-9]+)?$/;
// Longer, and somebody in a stairwell thinks that the page is broken.
const PATIENCE_SECONDS = 4;

self.skipWaiting();
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
// A page that was on its way meanwhile, or was loaded past this worker, asks for it.
self.addEventListener("message", (event) => event.data === "claim" && event.waitUntil(self.clients.claim()));

precacheAndRoute([...SHELL, { url: OFFLINE, revision: VERSION }]);
cleanupOutdatedCaches();

// What was kept names customers: it is shown on the day on which it was kept, by this phone's calendar, and no
// later. The language is part of the page, not of its address.
const ofTheDay = {
  cacheKeyWillBeUsed: async ({ request }) => {
    const address = new URL(request.url);
    return address.origin + address.pathname;
  },
  cacheWillUpdate: async ({ response }) => {
    if (response.status !== 200 || response.redirected) return null;
    const headers = new Headers(response.headers);
    headers.set(KEPT_AT, String(Date.now()));
    return new Response(await response.blob(), { headers });
  },
  cachedResponseWillBeUsed: async ({ cacheName, cachedResponse }) => {
    if (!cachedResponse) return null;
    const day = new Date(Number(cachedResponse.headers.get(KEPT_AT))).toDateString();
    if (day === new Date().toDateString()) return cachedResponse;
    await caches.delete(cacheName);
    return null;
  },
};
const kept = (name) =>
  new NetworkFirst({
    cacheName: CACHES + name,
    networkTimeoutSeconds: PATIENCE_SECONDS,
    plugins: [ofTheDay, new ExpirationPlugin({ maxEntries: 60, maxAgeSeconds: 86400 })],
  });

registerRoute(({ url, request, sameOrigin }) => sameOrigin && request.method === "GET" && PAGE.test(url.pathname), kept("pages"));

setCatchHandler(async ({ request }) =>
  request.destination === "document" ? ((await matchPrecache(OFFLINE)) ?? Response.error()) : Response.error(),
);

self.addEventListener("sync", (event) => {
  if (event.tag !== "jobs") return;
  // A rejection lets the browser try again.
  event.waitUntil(
    send().then((state) => {
      if (state === "offline" || state === "later") throw new Error(state);
    }),
  );
});
