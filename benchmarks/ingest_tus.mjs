// One more peer of `ingest.py`: @tus/server with its store in a folder. It hashes nothing and forces nothing to disk.
//
//   node benchmarks/ingest_tus.mjs PORT FOLDER MODULES
//
// MODULES is a folder in which `npm install @tus/server@2.4.5 @tus/file-store@2.1.1` was run.

import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const [port, directory, modules] = process.argv.slice(2)
const resolve = createRequire(join(modules, "package.json")).resolve
const { Server } = await import(pathToFileURL(resolve("@tus/server")))
const { FileStore } = await import(pathToFileURL(resolve("@tus/file-store")))

const server = new Server({ path: "/upload", datastore: new FileStore({ directory }) })
server.listen({ host: "127.0.0.1", port: Number(port) })
