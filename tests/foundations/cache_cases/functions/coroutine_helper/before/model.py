import asyncio


async def fetch():
    return 1


def answer():
    return asyncio.run(fetch())
