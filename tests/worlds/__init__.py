"""Two worlds: what differs between them in one hidden fact must look the same to whoever may not know the fact.

Both worlds are databases made from one template, with the same clock, seeds and ids. `Fact.hidden` happens in the
first of them, `Fact.otherwise` (by default nothing) in the second. Then the same people ask both for the same
addresses, the periodic tasks run in both, and everything that reaches those people is compared: status, headers,
bodies, files, mails, webhooks, the statements that were run and, for facts that ask for it, the blocks that these read
(a report that is withheld costs some: the list reads past it). Time is not compared. What is masked stands in
`masks.py`, all of it.

To add a hidden fact:

1. Write a function in `facts.py` that does it, with the product's own services, to a `Scene` (`people.py`: the stage of
   the access matrix, the world and one of everything). It may return addresses that exist only where it happened: they
   are asked too.
2. Add a `Fact` to `FACTS`: a sentence that names it, `hidden`, whom it is hidden from (`audience`), and what both
   worlds need before it (`build`) or after it (`after`). Whatever is to open or end later does so beyond
   `moments.LATER`, or not at all: the harness looks at both worlds at `LATER` too.
3. Run `PORTAL_TEST_LONG=1 ./dev test tests/test_worlds.py -k "<words of the sentence>"`.

What a failure says: who asked for what, which part of the answer differs, and the first lines that do.

The ordinary run makes one pair, in which the facts of `OFTEN` happen at once, and asks each address as one person. The
long run makes a pair for each fact and asks each address as everybody, also with filters, cursors and files of every
format, and once more at `LATER`.

The files: `moments` (the clock, for Python and the database), `draws` (the random numbers), `databases` (the pair),
`addresses` and `people` (who asks for what), `recording` (one answer, with its statements), `telling` (mails and
webhooks), `observing` (all that one world says), `comparing` (two of these), `masks`, `facts`, `leaks` (product
changes that the harness must find).
"""
