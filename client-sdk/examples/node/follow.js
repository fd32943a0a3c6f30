#!/usr/bin/env node
// Lists, pages, sends and follows conversations from Node, with stock @grpc/grpc-js and the .proto files alone.
//
//   follow.js                                 the ten newest conversations
//   follow.js CONVERSATION page [MESSAGE]     its newest messages, or those before a message
//   follow.js CONVERSATION send TEXT          sends
//   follow.js CONVERSATION                    its newest messages, then each change; Ctrl-C ends it
//
// Following goes on over restarts of the daemon, and misses nothing. `npm ci` in this folder installs what it needs.
'use strict';

const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const PROTO = process.env.HARK_PROTO || path.resolve(__dirname, '../../../proto');
const TIMEOUT = 10_000;

// The daemon's socket, owned by this user and nobody else.
function socketPath() {
  const run = process.env.XDG_RUNTIME_DIR;
  const temporary = path.join(process.env.TMPDIR || '/tmp', `hark-${process.getuid()}`, 'harkd.sock');
  const socket = process.env.HARK_SOCKET || (run ? path.join(run, 'hark', 'harkd.sock') : temporary);
  const found = fs.statSync(socket, { throwIfNoEntry: false });
  if (!found) throw new Error(`no daemon is running: there is no socket at ${socket}`);
  if (found.uid !== process.getuid()) throw new Error(`the socket ${socket} belongs to another user`);
  return socket;
}

function services() {
  const files = ['conversations', 'messages'].map((name) => `hark/v1/${name}.proto`);
  const definition = loader.loadSync(files,
    { includeDirs: [PROTO], keepCase: true, longs: String, enums: String, defaults: true, oneofs: true });
  const { Conversations, Messages } = grpc.loadPackageDefinition(definition).hark.v1;
  const target = `unix:${socketPath()}`;
  const options = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 200 };
  return [Conversations, Messages].map((Service) => new Service(target, grpc.credentials.createInsecure(), options));
}

// The version of the .proto files: a daemon that cannot serve it says so.
function metadata() {
  const api = new grpc.Metadata({ waitForReady: true });
  api.set('hark-api', '1.3');
  return api;
}

function call(service, method, request) {
  return new Promise((resolve, reject) => {
    service[method](request, metadata(), { deadline: Date.now() + TIMEOUT },
      (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function show(message) {
  console.log(`${message.id} ${message.role.replace('ROLE_', '').toLowerCase()}: ${message.content}`);
}

// A snapshot, then deltas; after an interruption it goes on behind the last event that was handled.
function follow(messages, conversation_id, resume_token = '') {
  const stream = messages.WatchMessages({ conversation_id, resume_token, snapshot_size: 10 }, metadata());
  stream.on('data', (event) => {
    const shown = event.event === 'snapshot' ? event.snapshot.messages : event.delta ? event.delta.upserted : [];
    shown.forEach(show);
    resume_token = event.resume_token;
  });
  stream.on('error', (error) => {
    if (error.code !== grpc.status.UNAVAILABLE) fail(error);
    setTimeout(() => follow(messages, conversation_id, resume_token), 100);
  });
}

function fail(error) {
  console.error(`follow.js: ${error.details || error.message}`);
  process.exit(1);
}

async function main(conversation_id, verb = 'follow', text = '') {
  const [conversations, messages] = services();
  if (!conversation_id) {
    const page = await call(conversations, 'ListConversations', { page_size: 10 });
    page.conversations.forEach((conversation) => console.log(`${conversation.id}  ${conversation.title}`));
    console.log(`${page.total_count} conversations in all`);
  } else if (verb === 'page') {
    const page = await call(messages, 'ListMessages', { conversation_id, before_message_id: text });
    page.messages.forEach(show);
  } else if (verb === 'send') { // With an own id the call may be repeated: the message is sent once.
    show((await call(messages, 'SendMessage', { conversation_id, content: text, id: randomUUID() })).message);
  } else { // Opening says that it is shown, so that its messages come as they happen.
    await call(conversations, 'OpenConversation', { conversation_id });
    follow(messages, conversation_id);
  }
}

main(...process.argv.slice(2)).catch(fail);
