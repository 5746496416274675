
function queue(part: QueuePart): Pick<Listener, 'name' | 'send'> {
  return { name: part.name, send: (database, message) => new Queue(database, part).sendMessage(message) };
}
