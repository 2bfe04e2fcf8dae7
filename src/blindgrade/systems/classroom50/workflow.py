"""A workflow for Classroom 50 that keeps student code away from the token that can write.

The built-in runner of Classroom 50 grades and publishes in one job. Here one job grades and may only read. Another job
publishes, and it sees no student code. An instructor who prefers the built-in runner leaves these two files out.
"""

from __future__ import annotations

# A script gets every value from its environment. The shell would read `${{ … }}` in a script as part of the script.
RUNNER = r"""# Made by `course release --as classroom50`. Put it into your classroom50 repository without changes.
name: blindgrade runner
on:
  workflow_call:
    inputs:
      classroom: {type: string, required: true}
      assignment: {type: string, required: true}
      secret: {type: string, default: ""}
permissions: {}
concurrency:
  group: blindgrade-${{ github.ref }}
  cancel-in-progress: false
env:
  CLASSROOM: ${{ inputs.classroom }}
  ASSIGNMENT: ${{ inputs.assignment }}
jobs:
  grade:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    permissions:
      contents: read
    outputs:
      tag: ${{ steps.identify.outputs.tag }}
      owner: ${{ steps.identify.outputs.owner }}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - name: Identify the submission
        id: identify
        run: |
          set -euo pipefail
          # The tag carries the commit's own time, so a regrade finds the same tag and the same time.
          tag="$(git tag --points-at HEAD --list 'submit/*' | head -n 1)"
          if [ -z "$tag" ]; then
            tag="submit/$(TZ=UTC git show -s --date=format-local:%Y-%m-%dT%H-%M-%SZ --format=%cd HEAD)"
            tag="$tag-$(git rev-parse --short=7 HEAD)"
          fi
          repository="${GITHUB_REPOSITORY#*/}"
          owner="${repository#"$CLASSROOM-$ASSIGNMENT-"}"
          printf 'tag=%s\nowner=%s\n' "$tag" "$owner" >> "$GITHUB_OUTPUT"
      - name: Fetch the grader
        env:
          SECRET: ${{ inputs.secret }}
          PAGES_BASE_URL: https://${{ github.repository_owner }}.github.io/classroom50
        run: |
          set -euo pipefail
          mkdir -p "$RUNNER_TEMP/bundle"
          curl -fsSL --retry 3 "$PAGES_BASE_URL/$CLASSROOM/${SECRET:+$SECRET/}autograders/$ASSIGNMENT.tar.gz" \
            | tar -xz -C "$RUNNER_TEMP/bundle"
      - name: Grade
        env:
          SUBMISSION_TAG: ${{ steps.identify.outputs.tag }}
          OWNER: ${{ steps.identify.outputs.owner }}
          ASSIGNMENT_TYPE: individual
          COMMIT_URL: ${{ github.server_url }}/${{ github.repository }}/commit/${{ github.sha }}
          RELEASE_BASE: ${{ github.server_url }}/${{ github.repository }}/releases/tag
        run: |
          set -euo pipefail
          export RELEASE_URL="$RELEASE_BASE/${SUBMISSION_TAG//\//%2F}"
          python3 "$(find "$RUNNER_TEMP/bundle" -maxdepth 2 -name autograder.py | head -n 1)"
      - uses: actions/upload-artifact@v4
        with:
          name: result
          path: |
            result.json
            release-body.md
  publish:
    needs: grade
    runs-on: ubuntu-latest
    permissions:
      contents: write
      statuses: write
    env:
      GH_TOKEN: ${{ github.token }}
      GH_REPO: ${{ github.repository }}
      SUBMISSION_TAG: ${{ needs.grade.outputs.tag }}
      OWNER: ${{ needs.grade.outputs.owner }}
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: result
      - name: Publish
        run: |
          set -euo pipefail
          # Accept the other job's result only if it names this submission.
          jq -e '.classroom == env.CLASSROOM and .assignment == env.ASSIGNMENT and .owner == env.OWNER
                 and .submission == env.SUBMISSION_TAG' result.json > /dev/null
          score="$(jq -r '"\(.score)/\(."max-score")"' result.json)"
          if gh release view "$SUBMISSION_TAG" > /dev/null 2>&1; then
            gh release edit "$SUBMISSION_TAG" --notes-file release-body.md
            gh release upload "$SUBMISSION_TAG" result.json --clobber
          else
            gh release create "$SUBMISSION_TAG" result.json --target "$GITHUB_SHA" --title "$score" \
              --notes-file release-body.md
          fi
          state="$(jq -r 'if .score == ."max-score" then "success" else "failure" end' result.json)"
          gh api "repos/$GH_REPO/statuses/$GITHUB_SHA" -f state="$state" -f context=classroom50/autograde \
            -f description="classroom50 autograde: $score"
"""

CALLER = """# Made by `course release --as classroom50`. Write your organization in place of ORG
# and your classroom in place of CLASSROOM.
name: Autograde
on:
  push:
    branches: [main]
    tags: ["submit/*"]
jobs:
  grade:
    uses: "ORG/classroom50/.github/workflows/blindgrade-runner.yaml@main"
    permissions:
      contents: write
      statuses: write
    with:
      classroom: CLASSROOM
      assignment: ASSIGNMENT
"""
