// Does with GitHub's own client what a push does, and more: node octokit.mjs URL TOKEN OWNER REPOSITORY
// Without a repository it only asks whose token it is, and says which limits it met.
import { Octokit } from 'octokit';

const [baseUrl, auth, owner, repo] = process.argv.slice(2);
const limits = [];
const limited = kind => (seconds, options) => {
  limits.push({ kind, seconds, call: `${options.method} ${options.url}` });
  return kind === 'primary';
};
const octokit = new Octokit({
  auth,
  baseUrl,
  throttle: { onRateLimit: limited('primary'), onSecondaryRateLimit: limited('secondary') },
  retry: { retries: 0 },
});
const { git, pulls, repos, users } = octokit.rest;
const base64 = text => Buffer.from(text).toString('base64');
const refusal = async call => call.then(() => null, error => ({ status: error.status, message: error.message }));

const told = { limits };
told.login = (await users.getAuthenticated().catch(error => error.response)).data.login ?? null;
if (repo === undefined) {
  process.stdout.write(JSON.stringify(told));
  process.exit();
}

// what our adapter pushed
const { data: found } = await repos.get({ owner, repo });
told.repository = { name: found.full_name, isPrivate: found.private, branch: found.default_branch };
const ref = `heads/${found.default_branch}`;
const head = (await git.getRef({ owner, repo, ref })).data.object.sha;
const commits = await octokit.paginate(repos.listCommits, { owner, repo, sha: found.default_branch });
told.messages = commits.map(commit => commit.commit.message);
const { data: tree } = await git.getTree({ owner, repo, tree_sha: commits[0].commit.tree.sha, recursive: '1' });
told.files = {};
for (const entry of tree.tree.filter(each => each.type === 'blob')) {
  const { data: blob } = await git.getBlob({ owner, repo, file_sha: entry.sha });
  told.files[entry.path] = blob.content.replaceAll('\n', '');
}

// a commit on top of it, as documented
const { data: blob } = await git.createBlob({ owner, repo, content: base64('by octokit'), encoding: 'base64' });
const { data: next } = await git.createTree({
  owner, repo, base_tree: tree.sha,
  tree: [
    { path: 'docs/theirs.md', mode: '100644', type: 'blob', sha: blob.sha },
    { path: 'docs/inline.md', mode: '100644', type: 'blob', content: 'inline' },
  ],
});
const { data: commit } = await git.createCommit({ owner, repo, message: 'By octokit', tree: next.sha, parents: [head] });
told.moved = (await git.updateRef({ owner, repo, ref, sha: commit.sha })).data.object.sha === commit.sha;
const { data: stale } = await git.createCommit({ owner, repo, message: 'Too late', tree: next.sha, parents: [head] });
told.stale = await refusal(git.updateRef({ owner, repo, ref, sha: stale.sha }));
await git.createRef({ owner, repo, ref: 'refs/heads/theirs', sha: stale.sha });
told.twice = await refusal(git.createRef({ owner, repo, ref: 'refs/heads/theirs', sha: head }));

// a repository that is empty
const { data: empty } = await repos.createForAuthenticatedUser({ name: 'empty', private: true });
const there = { owner, repo: empty.name };
told.empty = await refusal(git.createBlob({ ...there, content: 'x' })).then(async first =>
  first.message.includes('unavailable') ? refusal(git.createBlob({ ...there, content: 'x' })) : first);
await repos.createOrUpdateFileContents({ ...there, path: 'a', message: 'Begin', content: '', branch: 'main' });
told.begun = (await git.getRef({ ...there, ref: 'heads/main' })).data.ref;
told.taken = await refusal(repos.createForAuthenticatedUser({ name: 'empty' }));
told.missing = await refusal(repos.get({ owner, repo: 'nowhere' }));
told.renamed = (await repos.get({ owner, repo: 'earlier' })).data.full_name;

// branches that went apart, as documented: compared, merged, and asked to be where git can't
const branch = async (name, sha, content) => {
  const { data: made } = await git.createTree({
    owner, repo, base_tree: tree.sha, tree: [{ path: 'merged.md', mode: '100644', type: 'blob', content }],
  });
  const { data: on } = await git.createCommit({ owner, repo, message: name, tree: made.sha, parents: [sha] });
  await git.createRef({ owner, repo, ref: `refs/heads/${name}`, sha: on.sha });
  return on.sha;
};
const apart = await branch('apart', head, 'one\n');
const compare = async basehead => (await repos.compareCommitsWithBasehead({ owner, repo, basehead })).data;
const { status, merge_base_commit: base } = await compare(`${found.default_branch}...${apart}`);
told.compared = { status, isBase: base.sha === head };
const merging = { owner, repo, base: found.default_branch, head: apart, commit_message: 'Merge by octokit' };
const merge = await repos.merge(merging);
told.merge = { status: merge.status, message: merge.data.commit.message, parents: merge.data.parents.length };
told.mergedAgain = (await repos.merge(merging)).status;
await branch('conflicting', head, 'two\n');
told.conflict = await refusal(repos.merge({ ...merging, head: 'conflicting' }));
const asked = { owner, repo, title: 'Merge it', head: 'conflicting', base: found.default_branch };
const pull = (await pulls.create(asked)).data;
told.pull = { number: pull.number, url: pull.html_url };
told.pullTwice = await refusal(pulls.create(asked));
const open = await octokit.paginate(pulls.list, { owner, repo, head: `${owner}:conflicting`, base: asked.base });
told.open = open.map(each => each.number);

process.stdout.write(JSON.stringify(told));
