
function topic(part: TopicPart): Pick<Listener, 'name' | 'send'> {
  return { name: part.name, send: (database, message) => new Topic(database, part).publishMessage(message) };
}
